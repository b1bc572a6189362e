// A run's log: a line a step, in a file that spreadsheets read.
#pragma once

#include "observer.hpp"
#include "step_lines.hpp"

#include <chrono>
#include <filesystem>

namespace walt {

/// step, loss, gradient_norm, learning_rate, seconds since the run began (step_lines).
struct csv_log {
    std::filesystem::path file;

    class watch {
      public:
        watch(const std::filesystem::path& file, std::int64_t done)
            : log_(file, "step,loss,gradient_norm,learning_rate,seconds", done) {}
        void on_step(auto& trainer, const step_result& result) {
            const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun_).count();
            log_.add(fmt::format("{},{:.6g},{:.6g},{:.6g},{:.2f}", trainer.step_count(), result.loss,
                                 result.gradient_norm, result.learning_rate, seconds));
        }

      private:
        step_lines log_;
        std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
    };
    watch begin(auto& run) const { return watch(file, run.trainer().step_count()); }
};

} // namespace walt
