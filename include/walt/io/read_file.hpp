// Files opened for reading, piece by piece or whole, or a sentence that says why not. POSIX.
#pragma once

#include "../core/error.hpp"
#include "system_call.hpp"

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace walt {

/// A regular file that is open for reading. Throws walt::error for what is absent, no file (a folder, a pipe) or
/// unreadable. Any number of threads may read at once.
class opened_file {
  public:
    explicit opened_file(const std::filesystem::path& path) : path_(path.string()) {
        file_ = detail::uninterrupted( // a pipe would keep us waiting
            [&] { return ::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK); });
        struct stat status {};
        const int problem = file_ < 0 || ::fstat(file_, &status) != 0 ? errno : 0;
        if (problem == 0 && S_ISREG(status.st_mode)) {
            size_ = static_cast<std::uint64_t>(status.st_size);
            return;
        }
        if (file_ >= 0) ::close(file_);
        require(problem != ENOENT, "{} cannot be opened for reading: there is no such file", path_);
        require(problem != 0, "{} cannot be opened for reading: it is a folder or a device, not a file", path_);
        fail("{} cannot be opened for reading: {}", path_, std::generic_category().message(problem));
    }
    opened_file(opened_file&& other) noexcept
        : path_(std::move(other.path_)), file_(std::exchange(other.file_, -1)), size_(other.size_) {}
    opened_file& operator=(opened_file&&) = delete;
    ~opened_file() {
        if (file_ >= 0) ::close(file_);
    }

    const std::string& path() const { return path_; }
    std::uint64_t size() const { return size_; } ///< bytes, when it was opened

    /// Fills `bytes` with the file's from `at` on.
    void read(std::uint64_t at, std::span<std::byte> bytes) const {
        std::size_t done = 0;
        while (done < bytes.size()) {
            const ::ssize_t came = detail::uninterrupted([&] {
                return ::pread(file_, bytes.data() + done, bytes.size() - done, static_cast<::off_t>(at + done));
            });
            if (came < 0) fail("{} could not be read: {}", path_, std::generic_category().message(errno));
            require(came > 0, "{} could not be read to its end: it was cut to {} bytes, of {}, while it was read",
                    path_, at + done, size_);
            done += static_cast<std::size_t>(came);
        }
    }

  private:
    std::string path_;
    int file_ = -1;
    std::uint64_t size_ = 0;
};

/// The bytes of a regular file. Throws walt::error as opened_file does, and for one of more than `most` bytes before it
/// takes memory for them.
inline std::vector<std::byte> read_file(const std::filesystem::path& path,
                                        std::uint64_t most = std::uint64_t{1} << 32) {
    const opened_file file(path);
    require(file.size() <= most, "{} has {} bytes; more than {} are not read at once", file.path(), file.size(), most);
    std::vector<std::byte> bytes(static_cast<std::size_t>(file.size()));
    file.read(0, bytes);
    return bytes;
}

} // namespace walt
