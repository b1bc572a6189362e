// What a run measures beside its own loss, a line every so many steps, in a file that spreadsheets read.
#pragma once

#include "../core/range.hpp"
#include "observer.hpp"
#include "step_lines.hpp"

#include <filesystem>
#include <optional>
#include <string>

namespace walt {

/// An observer: every so many steps and at the end, when all others have seen the step, a line of the step and of the
/// numbers that measure() returns with their names, as walt::measure_reconstructions does (step_lines). A run that goes
/// on makes up first for a line that its last saved step should have: one that died between the two left none.
///     walt::measures_log{"run/unseen.csv", 500, [&] { return walt::measure_reconstructions(model, held_out); }}
template <class Measure> struct measures_log {
    std::filesystem::path file;
    std::int64_t every;
    Measure measure;

    class watch {
      public:
        watch(const measures_log& of, std::int64_t done, std::int64_t until) : of_(&of), done_(done), last_(done) {
            check_option("measures_log::every", of.every, ranges::count);
            if (done > 0 && (done % of.every == 0 || done >= until) && step_lines::last_in(of.file, done) < done)
                look(done);
        }
        void after_step(auto& run) {
            if (run.trainer().step_count() % of_->every == 0) look(run.trainer().step_count());
        }
        void end(auto& run) {
            if (run.trainer().step_count() != last_) look(run.trainer().step_count());
        }

      private:
        void look(std::int64_t step) {
            std::string names = "step", line = fmt::format("{}", step);
            for (const auto& [name, value] : of_->measure()) {
                names += fmt::format(",{}", name);
                line += fmt::format(",{:.6g}", value);
            }
            if (!log_) log_.emplace(of_->file, names, done_);
            log_->add(line);
            last_ = step;
        }
        const measures_log* of_;
        std::int64_t done_, last_; ///< steps before this run, and of the last line
        std::optional<step_lines> log_;
    };
    watch begin(auto& run) const { return watch(*this, run.trainer().step_count(), run.until().count); }
};
template <class Measure> measures_log(std::filesystem::path, std::int64_t, Measure) -> measures_log<Measure>;

} // namespace walt
