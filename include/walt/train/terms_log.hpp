// The terms of a loss, a line a step, in a file that spreadsheets read.
#pragma once

#include "observer.hpp"
#include "step_lines.hpp"

#include <filesystem>
#include <string>

namespace walt {

/// An observer: step, loss, gradient_norm, and every field of goal.terms(), as the objective `goal` (walt::tokenizing)
/// says them of its last step (step_lines). It stands behind the goal among the run's observers.
template <class Goal> struct terms_log {
    std::filesystem::path file;
    const Goal& goal;

    class watch {
      public:
        watch(const std::filesystem::path& file, const Goal& goal, std::int64_t done)
            : goal_(&goal), log_(file, head(goal), done) {}
        void on_step(auto& trainer, const step_result& result) {
            std::string line = fmt::format("{},{:.6g},{:.6g}", trainer.step_count(), result.loss, result.gradient_norm);
            goal_->terms().each([&](const char*, double value) { line += fmt::format(",{:.6g}", value); });
            log_.add(line);
        }

      private:
        static std::string head(const Goal& goal) {
            std::string names = "step,loss,gradient_norm";
            goal.terms().each([&](const char* name, double) { names += fmt::format(",{}", name); });
            return names;
        }
        const Goal* goal_;
        step_lines log_;
    };
    watch begin(auto& run) const { return watch(file, goal, run.trainer().step_count()); }
};
template <class Goal> terms_log(std::filesystem::path, const Goal&) -> terms_log<Goal>;

} // namespace walt
