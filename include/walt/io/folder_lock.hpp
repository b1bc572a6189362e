// A folder that one process, or one part of a process, has for itself. POSIX.
#pragma once

#include "../core/error.hpp"
#include "system_call.hpp"

#include <cerrno>
#include <filesystem>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace walt {

/// Throws walt::error where another one lives that has the folder; made, that is held until its end, or that of the
/// process, however it ends. Nothing is written. On file systems without locks everybody gets it.
class folder_lock {
  public:
    explicit folder_lock(const std::filesystem::path& folder)
        : file_(detail::uninterrupted([&] { return ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); })) {
        if (file_ < 0 || detail::uninterrupted([&] { return ::flock(file_, LOCK_EX | LOCK_NB); }) == 0 ||
            errno != EWOULDBLOCK)
            return;
        ::close(std::exchange(file_, -1));
        fail("a run is going on in the folder '{}': one folder has one run, so give this one another, or wait",
             folder.string());
    }
    folder_lock(folder_lock&& other) noexcept : file_(std::exchange(other.file_, -1)) {}
    folder_lock& operator=(folder_lock&&) = delete;
    ~folder_lock() {
        if (file_ >= 0) ::close(file_);
    }

  private:
    int file_ = -1;
};

} // namespace walt
