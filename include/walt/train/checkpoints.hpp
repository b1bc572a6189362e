// A run's state on disk, every so many steps and at the end, and where it goes on.
#pragma once

#include "../core/note.hpp"
#include "../core/range.hpp"
#include "../io/folder_lock.hpp"
#include "../io/folders.hpp"
#include "state.hpp"

#include <exception>
#include <filesystem>
#include <memory>
#include <utility>

namespace walt {

/// An observer: folder/state.safetensors, with the state of all of the run's observers; saved too when something is
/// thrown that ends the run. A run whose folder has one goes on there. A folder in which a run is going on is refused.
struct checkpoints {
    std::filesystem::path folder;
    std::int64_t every = 500; ///< steps
    /// From resume to begin, or to the next resume of a run that did not begin: nobody else changes what was read.
    mutable std::shared_ptr<folder_lock> only_run{};

    class watch {
      public:
        watch(const checkpoints& of, std::int64_t done)
            : only_run_(of.only_run ? std::exchange(of.only_run, nullptr) : std::make_shared<folder_lock>(of.folder)),
              file_(of.file()), every_(of.every), saved_(done) {}
        void after_step(auto& run) {
            if (run.trainer().step_count() % every_ == 0) save(run);
        }
        void end(auto& run) {
            if (saved_ != run.trainer().step_count() || !is_there(file_)) save(run);
        }
        void failed(auto& run) {
            if (saved_ == run.trainer().step_count()) return;
            try {
                save(run);
            } catch (const std::exception& problem) { // what ended the run is on its way already
                detail::note("the run's last steps are not saved: {}", problem.what());
            }
        }

      private:
        void save(auto& run) {
            write_state(file_, run);
            saved_ = run.trainer().step_count();
        }
        std::shared_ptr<folder_lock> only_run_;
        std::filesystem::path file_;
        std::int64_t every_, saved_;
    };

    std::filesystem::path file() const { return folder / "state.safetensors"; }
    void resume(auto& run) const {
        check_option("checkpoints::every", every, ranges::count);
        detail::check_names(run);
        make_folder(folder);
        only_run.reset();
        auto mine = std::make_shared<folder_lock>(folder);
        if (is_there(file())) {
            read_state(file(), run);
            if (const std::int64_t done = run.trainer().step_count(); done > run.until().count)
                detail::note("{} is of step {}, and {} are asked for: no step is done", file().string(), done,
                             run.until().count);
        }
        only_run = std::move(mine);
    }
    watch begin(auto& run) const { return {*this, run.trainer().step_count()}; }
};

} // namespace walt
