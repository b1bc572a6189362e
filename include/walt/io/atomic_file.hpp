// Files that are replaced whole or not at all: written beside the target, synced, renamed.
#pragma once

#include "../core/threads.hpp"
#include "system_call.hpp"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace walt {

namespace detail {
inline std::filesystem::path folder_of(const std::filesystem::path& path) {
    return path.has_parent_path() ? path.parent_path() : ".";
}

/// What a temporary file becomes: "a" of "a.tmp-71" and of "a.tmp-71-2". Empty for every other name.
inline std::string target_of(const std::string& name) {
    const std::size_t at = name.rfind(".tmp-");
    if (at == name.npos) return "";
    const auto number = [&](std::size_t from) {
        return std::min(name.find_first_not_of("0123456789", from), name.size());
    };
    const std::size_t first = number(at + 5), second = number(std::min(first + 1, name.size()));
    const bool is_one =
        first > at + 5 && (first == name.size() || (name[first] == '-' && first + 1 < second && second == name.size()));
    return is_one ? name.substr(0, at) : "";
}

/// A new file beside `path` under a name that nobody has: threads and containers may share their process' number. It is
/// locked for as long as it is open, so that the others know that its writer lives. -1 and errno where there is none.
inline int open_temporary(const std::string& path, std::string& name) {
    for (int i = 0;; ++i) {
        name = path + ".tmp-" + std::to_string(::getpid()) + (i > 0 ? "-" + std::to_string(i) : "");
        const int file =
            uninterrupted([&] { return ::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666); });
        if (file < 0 && errno == EEXIST) continue;
        if (file < 0) return file;
        uninterrupted([&] { return ::flock(file, LOCK_EX); });
        struct stat mine {
        }, there{};
        errno = 0;
        if (::fstat(file, &mine) == 0 && ::stat(name.c_str(), &there) == 0 && mine.st_ino == there.st_ino) return file;
        const int problem = errno;
        ::close(file);
        if (problem == 0 || problem == ENOENT) continue; // it was taken for a dead one's before it was locked
        ::unlink(name.c_str());
        errno = problem;
        return -1;
    }
}

/// Removes what writers of `path` that were killed have left beside it: files that nobody has locked. A folder is
/// looked through once a process; what the system refuses to show or to open is tried again at the next write there.
/// What would become another file may be anybody's, and stays.
inline void remove_dead_temporaries(const std::filesystem::path& path) {
    struct left_behind {
        std::multimap<std::string, std::string> temporaries{}; // by what they become
        std::vector<std::string> due{};                        // of files that this process has written
    };
    static mutex one_at_a_time;
    static std::map<std::string, left_behind> folders;
    const lock inside(one_at_a_time);
    const std::filesystem::path folder = folder_of(path);
    const auto [found, is_new] = folders.try_emplace(folder.string());
    auto& [temporaries, due] = found->second;
    std::error_code problem;
    if (is_new)
        for (std::filesystem::directory_iterator at(folder, problem), end; !problem && at != end; at.increment(problem))
            if (const std::string target = target_of(at->path().filename().string()); !target.empty())
                temporaries.emplace(target, at->path().string());
    const auto [begin, end] = temporaries.equal_range(path.filename().string());
    for (auto at = begin; at != end; ++at) due.push_back(at->second);
    temporaries.erase(begin, end);
    std::erase_if(due, [](const std::string& name) {
        const int file =
            uninterrupted([&] { return ::open(name.c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK); });
        if (file < 0) return errno == ENOENT;
        struct stat status {};
        bool known = ::fstat(file, &status) == 0;
        if (known && S_ISREG(status.st_mode)) {
            if (uninterrupted([&] { return ::flock(file, LOCK_EX | LOCK_NB); }) == 0) ::unlink(name.c_str());
            else known = errno == EWOULDBLOCK; // its writer lives
        }
        ::close(file);
        return known;
    });
    if (problem) folders.erase(found);
}

/// 0, or errno.
inline int sync(int file) {
    return uninterrupted([&] { return ::fsync(file); }) == 0 ? 0 : errno;
}
} // namespace detail

/// atomic_file file(path); file.write(...); file.commit(). Until commit() the old file stays as it is; without one the
/// new bytes are removed, those of a process that was killed by the next one that writes this file. Throws walt::error
/// with the path and the system's reason.
class atomic_file {
  public:
    explicit atomic_file(std::filesystem::path path) : path_(std::move(path)) {
        detail::remove_dead_temporaries(path_);
        file_ = detail::open_temporary(path_.string(), temporary_);
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
            const ::ssize_t written = detail::uninterrupted([&] { return ::write(file_, bytes.data(), bytes.size()); });
            if (written < 0) stop(errno, "be written");
            bytes = bytes.subspan(static_cast<std::size_t>(written));
        }
    }
    void write(std::string_view bytes) { write(std::as_bytes(std::span(bytes))); }
    /// The next bytes go there, counted from the file's beginning.
    void seek(std::int64_t place) {
        if (::lseek(file_, place, SEEK_SET) < 0) stop(errno, "be written at another place");
    }

    /// The new bytes take the path's place; they and the rename are on disk when this returns, but
    /// for the rename in a folder that may be written and not read, and where the file system syncs no folders.
    void commit() {
        if (const int problem = detail::sync(file_); problem != 0) stop(problem, "be synced");
        if (::rename(temporary_.c_str(), path_.c_str()) != 0) stop(errno, "be renamed into place");
        ::close(file_);
        file_ = -1;
        const int directory = detail::uninterrupted(
            [&] { return ::open(detail::folder_of(path_).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); });
        if (directory < 0 && errno == EACCES) return; // a folder that may be written and not read
        if (directory < 0) stop(errno, "be synced with its folder");
        const int problem = detail::sync(directory);
        ::close(directory);
        if (problem != 0 && problem != EINVAL)
            stop(problem, "be synced with its folder"); // EINVAL: a file system without that
    }

  private:
    [[noreturn]] void stop(int problem, const char* what) const {
        fail("{} could not {}: {}", path_.string(), what, std::generic_category().message(problem));
    }

    std::filesystem::path path_;
    std::string temporary_;
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
