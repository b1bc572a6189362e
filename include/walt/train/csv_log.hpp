// A run's log: a line a step, in a file that spreadsheets read.
#pragma once

#include "../io/atomic_file.hpp"
#include "observer.hpp"

#include <charconv>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <system_error>

namespace walt {

/// step, loss, gradient_norm, learning_rate, seconds since the run began. A run that is resumed keeps the lines up to
/// where it goes on; what a run that died logged behind its last checkpoint is done, and logged, again.
struct csv_log {
    std::filesystem::path file;

    class watch {
      public:
        watch(const std::filesystem::path& file, std::int64_t done) {
            if (file.has_parent_path()) std::filesystem::create_directories(file.parent_path());
            write_atomically(file, lines_until(file, done));
            log_.reset(std::fopen(file.c_str(), "a"));
            require(log_ != nullptr, "{} cannot be opened for writing", file.string());
        }
        void on_step(auto& trainer, const step_result& result) {
            const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun_).count();
            const std::string line = fmt::format("{},{:.6g},{:.6g},{:.6g},{:.2f}\n", trainer.step_count(), result.loss,
                                                 result.gradient_norm, result.learning_rate, seconds);
            std::fputs(line.c_str(), log_.get());
            std::fflush(log_.get());
        }

      private:
        static std::string lines_until(const std::filesystem::path& file, std::int64_t done) {
            std::string kept = "step,loss,gradient_norm,learning_rate,seconds\n", line;
            std::ifstream log(file);
            while (std::getline(log, line)) {
                std::int64_t step = 0;
                const auto read = std::from_chars(line.data(), line.data() + line.size(), step);
                if (read.ec == std::errc{} && step <= done) kept += line + '\n';
            }
            return kept;
        }
        struct closes {
            void operator()(std::FILE* file) const { std::fclose(file); }
        };
        std::unique_ptr<std::FILE, closes> log_;
        std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
    };
    watch begin(auto& run) const { return watch(file, run.trainer().step_count()); }
};

} // namespace walt
