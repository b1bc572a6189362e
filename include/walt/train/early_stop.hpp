// A run that no longer learns ends.
#pragma once

#include "../core/range.hpp"
#include "observer.hpp"

#include <limits>

namespace walt {

struct patience {
    std::int64_t window = 100; ///< steps whose mean loss is looked at
    std::int64_t windows = 10; ///< without a better one, and the run stops
    double least = 0;          ///< that a better one is better by

    void each_option(auto&& option) const {
        option("patience::window", window, ranges::count);
        option("patience::windows", windows, ranges::count);
        option("patience::least", least, ranges::not_negative);
    }
};

/// An observer: stops when the mean loss of so many windows in a row was no better than the best before. What it has
/// seen is kept with the run's state, so a run that it has ended is still ended when it is started again.
class early_stop {
  public:
    explicit early_stop(patience how = {}) : how_(checked(how)) {}

    verdict on_step(auto&, const step_result& result) {
        if (result.skipped) return word();
        sum_ += result.loss;
        if (++steps_ < how_.window) return word();
        const double mean = sum_ / static_cast<double>(steps_);
        sum_ = 0;
        steps_ = 0;
        if (mean < best_ - how_.least) {
            best_ = mean;
            worse_ = 0;
        } else ++worse_;
        return word();
    }
    verdict word(auto&...) const { return worse_ >= how_.windows ? stop : go_on; }
    void each_option(auto&& option) const { how_.each_option(option); }
    void each_state(auto&& visit) {
        visit("early_stop.sum", sum_);
        visit("early_stop.best", best_);
        visit("early_stop.steps", steps_);
        visit("early_stop.worse", worse_);
    }

  private:
    patience how_;
    double sum_ = 0, best_ = std::numeric_limits<double>::max();
    std::int64_t steps_ = 0, worse_ = 0;
};

} // namespace walt
