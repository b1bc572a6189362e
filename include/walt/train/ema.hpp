// The exponential moving average of a run's weights: an observer, and a model of the same type.
#pragma once

#include "../core/model.hpp"
#include "../core/range.hpp"
#include "../ops/optimizer.hpp"
#include "../ops/pointwise.hpp"
#include "observer.hpp"

#include <algorithm>
#include <string>

namespace walt {

/// In its first updates an average looks back less far: keep(n) = min(decay, (1 + n) / (10 + n)).
struct averaging {
    float decay = 0.999f;
    std::string name = "average"; ///< in the run's state: two averages of one run need two
    void each_option(auto&& option) const { option("averaging::decay", decay, ranges::share); }
    double keep(std::int64_t n) const {
        return std::min(static_cast<double>(decay), (1.0 + static_cast<double>(n)) / (10.0 + static_cast<double>(n)));
    }
};

/// `walt::ema average(model); trainer.run(source, steps, average);` and then sample and save with average.model(). It
/// starts as the model is when it is made, and is saved with the run.
template <class Model> class ema {
  public:
    explicit ema(const Model& of, averaging how = {})
        : of_(&of), how_(checked(std::move(how))), average_(masters_alone{}, of) {
        ops::convert(average_.context(), of.masters().read(), average_.masters());
    }

    /// The average as a model. Training needs its masters only: the copy that passes read is made here, at the first
    /// call, and is the average's as it was at the last one.
    Model& model() {
        average_.add_copies();
        ops::convert(average_.context(), average_.masters(), average_.copies());
        return average_;
    }

    template <class Trainer> void on_step(Trainer& trainer, const step_result& result) {
        require(&trainer.model() == of_, "an ema observes the trainer of the model that it was made of");
        if (!result.skipped)
            ops::average(average_.context(), how_.keep(trainer.updates() - 1), trainer.trained().blocks(),
                         of_->masters().read(), average_.masters());
    }
    void each_option(auto&& option) const {
        how_.each_option([&](const char* name, auto value, const range& allowed) {
            option((std::string(name) + " of " + how_.name).c_str(), value, allowed);
        });
    }
    void each_state(auto&& visit) { visit(how_.name, average_.masters()); }

  private:
    const Model* of_;
    averaging how_;
    Model average_;
};

} // namespace walt
