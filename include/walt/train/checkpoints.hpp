// A run's state on disk, every so many steps and at the end, and where it goes on.
#pragma once

#include "state.hpp"

#include <filesystem>

namespace walt {

/// An observer: folder/state.safetensors, with the state of all of the run's observers. A run whose folder has one goes
/// on there.
struct checkpoints {
    std::filesystem::path folder;
    std::int64_t every = 500; ///< steps

    class watch {
      public:
        watch(std::filesystem::path file, std::int64_t every) : file_(std::move(file)), every_(every) {}
        void after_step(auto& run) {
            if (run.trainer().step_count() % every_ == 0) save(run);
        }
        void end(auto& run) {
            if (saved_ != run.trainer().step_count()) save(run);
        }

      private:
        void save(auto& run) {
            write_state(file_, run);
            saved_ = run.trainer().step_count();
        }
        std::filesystem::path file_;
        std::int64_t every_, saved_ = -1;
    };

    std::filesystem::path file() const { return folder / "state.safetensors"; }
    void resume(auto& run) const {
        require(every >= 1, "checkpoints are saved every step or more rarely; every is {}", every);
        std::filesystem::create_directories(folder);
        if (std::filesystem::exists(file())) read_state(file(), run);
    }
    watch begin(auto&) const { return {file(), every}; }
};

} // namespace walt
