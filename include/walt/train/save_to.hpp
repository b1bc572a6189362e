// The usual observers of a program in one: progress, log, checkpoints, and a good end at Ctrl-C.
#pragma once

#include "checkpoints.hpp"
#include "csv_log.hpp"
#include "interrupts.hpp"
#include "progress_line.hpp"

#include <filesystem>
#include <memory>
#include <utility>

namespace walt {

/// An observer: folder/log.csv and folder/state.safetensors, a line of progress on the terminal; Ctrl-C, SIGTERM and
/// SIGHUP save and stop, and run() says false (exit_status). What is thrown leaves when all is saved. A run whose
/// folder has a state goes on there.
struct save_to {
    std::filesystem::path folder;
    std::int64_t every = 500;                        ///< steps between two saved states
    mutable std::shared_ptr<folder_lock> only_run{}; ///< as checkpoints has it

    struct watch {
        checkpoints::watch states; // first: it has the folder
        interrupts::watch watching;
        csv_log::watch log;
        progress_line::watch progress;

        void on_step(auto& trainer, const step_result& result) {
            log.on_step(trainer, result);
            progress.on_step(trainer, result);
        }
        void after_step(auto& run) { states.after_step(run); }
        verdict word(auto& run) const { return watching.word(run); }
        void end(auto& run) { states.end(run); }
        void failed(auto& run) { states.failed(run); }
    };

    void resume(auto& run) const {
        only_run.reset();
        const checkpoints states{folder, every};
        states.resume(run);
        only_run = states.only_run;
    }
    watch begin(auto& run) const {
        return {checkpoints{folder, every, std::exchange(only_run, nullptr)}.begin(run), interrupts{}.begin(run),
                csv_log{folder / "log.csv"}.begin(run), progress_line{}.begin(run)};
    }
};

} // namespace walt
