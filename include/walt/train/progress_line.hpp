// A run's progress on the terminal: first what its model's config changes, and whether steps have no learning rate;
// then steps, rate, time left, loss.
#pragma once

#include "../config/changes.hpp"
#include "../core/note.hpp"
#include "../io/progress.hpp"
#include "learning_rate.hpp"
#include "observer.hpp"

#include <string>

namespace walt {

struct progress_line {
    class watch {
      public:
        watch(std::int64_t total, std::int64_t done) : shown_(total, "steps", done) {}
        void on_step(auto& trainer, const step_result& result) {
            std::string note = fmt::format("loss {:.6g}", result.loss);
            if (trainer.skipped()) note += fmt::format("  skipped {}", trainer.skipped());
            shown_.update(trainer.step_count(), note);
        }

      private:
        progress shown_;
    };
    watch begin(auto& run) const {
        using model = std::remove_reference_t<decltype(run.trainer().model())>;
        if (const std::string note = config_note<model>(); !note.empty()) detail::note("{}", note);
        if (run.trainer().step_count() < run.until().count)
            detail::tell_of_course("", run.trainer().options().rate, run.until().count);
        return watch(run.until().count, run.trainer().step_count());
    }
};

} // namespace walt
