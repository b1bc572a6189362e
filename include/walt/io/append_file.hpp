// Files that grow record by record, as logs do: a record is there whole or not at all, and a write that fails is said.
#pragma once

#include "../core/error.hpp"
#include "system_call.hpp"

#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace walt {

/// A file that is open for adding to its end; its folder is made, and so is the file where there is none. Throws
/// walt::error with the path and the system's reason.
class append_file {
  public:
    explicit append_file(const std::filesystem::path& path) : path_(path.string()) {
        if (path.has_parent_path()) {
            std::error_code problem; // a folder that cannot be made is said by open
            std::filesystem::create_directories(path.parent_path(), problem);
        }
        file_ = detail::uninterrupted(
            [&] { return ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666); });
        if (file_ < 0) fail("{} cannot be opened for writing: {}", path_, std::generic_category().message(errno));
    }
    append_file(append_file&& other) noexcept : path_(std::move(other.path_)), file_(std::exchange(other.file_, -1)) {}
    append_file& operator=(append_file&& other) noexcept {
        std::swap(path_, other.path_), std::swap(file_, other.file_);
        return *this;
    }
    ~append_file() {
        if (file_ >= 0) ::close(file_);
    }

    const std::string& path() const { return path_; }

    /// The record is handed to the system when this returns. What a failed write has left of it is cut off again.
    void add(std::string_view record) {
        struct stat before {};
        const bool known = ::fstat(file_, &before) == 0 && S_ISREG(before.st_mode);
        for (std::string_view rest = record; !rest.empty();) {
            const ::ssize_t written = detail::uninterrupted([&] { return ::write(file_, rest.data(), rest.size()); });
            if (written < 0) {
                const int problem = errno;
                const bool cut =
                    known && detail::uninterrupted([&] { return ::ftruncate(file_, before.st_size); }) == 0;
                fail("{}: a record of {} bytes could not be added{}: {}", path_, record.size(),
                     cut || rest.size() == record.size() ? "" : ", and a part of it is there",
                     std::generic_category().message(problem));
            }
            rest.remove_prefix(static_cast<std::size_t>(written));
        }
    }

  private:
    std::string path_;
    int file_ = -1;
};

} // namespace walt
