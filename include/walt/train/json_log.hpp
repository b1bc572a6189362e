// A run's log as JSON lines, which programs read: settings first, then steps, and what was measured between them.
#pragma once

#include "../measures/named_numbers.hpp"
#include "observer.hpp"
#include "run_settings.hpp"
#include "step_lines.hpp"

#include <filesystem>
#include <memory>
#include <string>
#include <utility>

namespace walt {

/// An observer: {"walt": .., "seed": .., "settings": ".."}, then {"step": n, "loss": .., "gradient_norm": ..,
/// "learning_rate": ..} for each step, or every so many. numbers() adds lines of what is measured (evaluate_every).
/// Each line is written at once and whole; a resumed run keeps the lines up to its step. Numbers that are not finite
/// are null.
class json_log {
  public:
    /// settings: what the log shall say of the run, beside walt's version and the seed.
    explicit json_log(std::filesystem::path file, std::string settings = "", std::int64_t every = 1)
        : file_(std::move(file)), settings_(std::move(settings)), every_(every) {
        require(every >= 1, "{}: steps are logged every step or more rarely; every is {}", file_.string(), every);
    }

    void begin(auto& run) {
        log_ = std::make_unique<step_lines>(file_, detail::run_settings(run.trainer(), settings_),
                                            run.trainer().step_count(), R"({"step":)");
    }
    void on_step(auto& trainer, const step_result& result) {
        if (trainer.step_count() % every_ != 0) return;
        numbers(
            trainer.step_count(),
            {{"loss", result.loss}, {"gradient_norm", result.gradient_norm}, {"learning_rate", result.learning_rate}});
    }
    /// A line of its own for this step, once a run has begun.
    void numbers(std::int64_t step, const named_numbers& found) {
        require(log_ != nullptr, "{}: numbers are logged while a run runs: give the log to run()", file_.string());
        json_fields line;
        line("step", step);
        for (const auto& [name, value] : found) line(name, value);
        log_->add(line.text());
    }

  private:
    std::filesystem::path file_;
    std::string settings_;
    std::int64_t every_;
    std::unique_ptr<step_lines> log_;
};

} // namespace walt
