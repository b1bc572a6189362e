// A run for `tensorboard --logdir folder`: its losses, and what is measured and sampled between the steps.
#pragma once

#include "../io/event_file.hpp"
#include "../measures/named_numbers.hpp"
#include "observer.hpp"
#include "run_settings.hpp"

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <utility>

namespace walt {

/// An observer: loss, gradient_norm and learning_rate of each step, or every so many, and the run's settings as a text.
/// numbers() and videos() add what is measured and sampled (evaluate_every). A resumed run takes back what an earlier
/// one has logged of later steps than it goes on from.
class tensorboard_log {
  public:
    /// settings: what the log shall say of the run, beside walt's version and the seed.
    explicit tensorboard_log(std::filesystem::path folder, std::string settings = "", std::int64_t every = 1)
        : folder_(std::move(folder)), settings_(std::move(settings)), every_(every) {
        require(every >= 1, "{}: steps are logged every step or more rarely; every is {}", folder_.string(), every);
    }

    void begin(auto& run) {
        const std::int64_t done = run.trainer().step_count();
        file_.emplace(folder_, done);
        file_->text(done, "settings", detail::run_settings(run.trainer(), settings_));
    }
    void on_step(auto& trainer, const step_result& result) {
        if (trainer.step_count() % every_ != 0) return;
        numbers(
            trainer.step_count(),
            {{"loss", result.loss}, {"gradient_norm", result.gradient_norm}, {"learning_rate", result.learning_rate}});
    }
    /// Once a run has begun.
    void numbers(std::int64_t step, const named_numbers& found) { file().scalars(step, found); }
    /// The videos beside each other, in motion.
    void videos(std::int64_t step, const std::string& name, std::span<const video> of) {
        file().animation(step, name, tile(of, 4));
    }

  private:
    event_file& file() {
        require(file_.has_value(), "{}: events are logged while a run runs: give the log to run()", folder_.string());
        return *file_;
    }

    std::filesystem::path folder_;
    std::string settings_;
    std::int64_t every_;
    std::optional<event_file> file_;
};

} // namespace walt
