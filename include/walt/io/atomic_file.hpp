// Files that are replaced whole or not at all: written beside the target, synced, renamed.
#pragma once

#include "../core/error.hpp"

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

namespace walt {

/// atomic_file file(path); file.write(...); file.commit(). Until commit() the old file stays as it is; without one the
/// new bytes are removed. Throws walt::error with the path and the system's reason.
class atomic_file {
  public:
    explicit atomic_file(std::filesystem::path path)
        : path_(std::move(path)), temporary_(path_.string() + ".tmp-" + std::to_string(::getpid())) {
        file_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
        if (file_ < 0) stop(errno, "be created");
    }
    atomic_file(const atomic_file&) = delete;
    atomic_file& operator=(const atomic_file&) = delete;
    ~atomic_file() {
        if (file_ < 0) return;
        ::close(file_);
        ::unlink(temporary_.c_str());
    }

    void write(std::span<const std::byte> bytes) {
        while (!bytes.empty()) {
            const ::ssize_t written = ::write(file_, bytes.data(), bytes.size());
            if (written < 0 && errno == EINTR) continue;
            if (written < 0) stop(errno, "be written");
            bytes = bytes.subspan(static_cast<std::size_t>(written));
        }
    }
    void write(std::string_view bytes) { write(std::as_bytes(std::span(bytes))); }
    /// The next bytes go there, counted from the file's beginning.
    void seek(std::int64_t place) {
        if (::lseek(file_, place, SEEK_SET) < 0) stop(errno, "be written at another place");
    }

    /// The new bytes take the path's place; they and the rename are on disk when this returns.
    void commit() {
        if (::fsync(file_) != 0) stop(errno, "be synced");
        if (::rename(temporary_.c_str(), path_.c_str()) != 0) stop(errno, "be renamed into place");
        ::close(file_);
        file_ = -1;
        const std::filesystem::path folder = path_.has_parent_path() ? path_.parent_path() : ".";
        const int directory = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (directory < 0) return; // a folder that may be written and not read
        const int problem = ::fsync(directory) == 0 ? 0 : errno;
        ::close(directory);
        if (problem != 0 && problem != EINVAL)
            stop(problem, "be synced with its folder"); // EINVAL: a file system without that
    }

  private:
    [[noreturn]] void stop(int problem, const char* what) const {
        fail("{} could not {}: {}", path_.string(), what, std::generic_category().message(problem));
    }

    std::filesystem::path path_, temporary_;
    int file_ = -1;
};

/// The file `path` becomes these bytes.
inline void write_atomically(const std::filesystem::path& path, std::span<const std::byte> bytes) {
    atomic_file file(path);
    file.write(bytes);
    file.commit();
}
inline void write_atomically(const std::filesystem::path& path, std::string_view bytes) {
    write_atomically(path, std::as_bytes(std::span(bytes)));
}

} // namespace walt
