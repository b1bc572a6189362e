// The usual observers of a program in one: progress, log, checkpoints, and a good end at Ctrl-C.
#pragma once

#include "checkpoints.hpp"
#include "csv_log.hpp"
#include "interrupts.hpp"
#include "progress_line.hpp"

#include <filesystem>

namespace walt {

/// An observer: folder/log.csv and folder/state.safetensors, a line of progress on the terminal; Ctrl-C and SIGTERM
/// save and stop. A run whose folder has a state goes on there.
struct save_to {
    std::filesystem::path folder;
    std::int64_t every = 500; ///< steps between two saved states

    struct watch {
        interrupts::watch signals;
        csv_log::watch log;
        progress_line::watch progress;
        checkpoints::watch states;

        void on_step(auto& trainer, const step_result& result) {
            log.on_step(trainer, result);
            progress.on_step(trainer, result);
        }
        verdict after_step(auto& run) {
            states.after_step(run);
            return signals.after_step(run);
        }
        void end(auto& run) { states.end(run); }
    };

    void resume(auto& run) const { checkpoints{folder, every}.resume(run); }
    watch begin(auto& run) const {
        return {interrupts{}.begin(run), csv_log{folder / "log.csv"}.begin(run), progress_line{}.begin(run),
                checkpoints{folder, every}.begin(run)};
    }
};

} // namespace walt
