// The system's calls, one of which fails: linked into a program, these stand before the C library's, for walt, for
// libstdc++ and whoever else calls them. Counted are those on paths in a folder, and on files that were opened there.
//
//     FAIL_IN      the folder
//     FAIL_CALL    the number, from 1, of the call that fails; 0: none
//     FAIL_HOW     EIO, ENOSPC or EINTR: it fails with that; short: it reads or writes half of what it should; kill: a
//                  SIGKILL comes before it, or when half is read or written; dead: EIO, and so every later call
//     FAIL_REPORT  a file to which the name of each counted call is written, a line each
#include <atomic>
#include <bitset>
#include <cerrno>
#include <csignal>
#include <cstdarg>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace {

const char* setting(const char* name) {
    const char* value = ::getenv(name);
    return value ? value : "";
}
const std::string_view folder = setting("FAIL_IN"), how = setting("FAIL_HOW");
const long failing = std::atol(setting("FAIL_CALL"));
const int report = *setting("FAIL_REPORT")
                       ? static_cast<int>(::syscall(SYS_openat, AT_FDCWD, setting("FAIL_REPORT"),
                                                    O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0666))
                       : -1;
std::atomic<long> calls = 0;
std::bitset<1024> opened; ///< there; the program's threads but the first open none

bool there(const char* path) { return !folder.empty() && std::string_view(path).starts_with(folder); }
bool there(int file) { return file >= 0 && file < 1024 && opened[static_cast<std::size_t>(file)]; }
void note(int file, bool is_there) {
    if (file >= 0 && file < 1024) opened[static_cast<std::size_t>(file)] = is_there;
}

/// Counts a call; whether it is the one that fails.
bool chosen(const char* name) {
    char line[32] = {};
    const std::size_t size = std::strlen(name);
    std::memcpy(line, name, size);
    line[size] = '\n';
    if (report >= 0 && ::syscall(SYS_write, report, line, size + 1) < 0) std::abort();
    return ++calls == failing;
}
/// Whether a call that is counted fails; errno is set then.
bool fails(const char* name) {
    if (!chosen(name) && (how != "dead" || failing == 0 || calls < failing)) return false;
    if (how == "kill") std::raise(SIGKILL);
    errno = how == "EINTR" ? EINTR : how == "ENOSPC" ? ENOSPC : EIO;
    return true;
}
/// The same for calls that may do a part of what they should: call(size) does so many bytes.
template <class Call>::ssize_t transfer(const char* name, std::size_t size, Call&& call) {
    const auto half = [&] { return call(size / 2 + size % 2); };
    if (how == "short") return chosen(name) ? half() : call(size);
    if (how == "kill" && calls + 1 == failing) half();
    return fails(name) ? -1 : call(size);
}

/// The C library's own.
template <class Call> Call* own(Call*, const char* name) { return reinterpret_cast<Call*>(::dlsym(RTLD_NEXT, name)); }

} // namespace

extern "C" {

int open(const char* path, int flags, ...) {
    ::va_list rest;
    va_start(rest, flags);
    const auto mode = flags & O_CREAT ? va_arg(rest, ::mode_t) : 0;
    va_end(rest);
    static const auto call = own(&::open, "open");
    if (there(path) && fails("open")) return -1;
    const int file = call(path, flags, mode);
    note(file, there(path));
    return file;
}
int openat(int at, const char* path, int flags, ...) {
    ::va_list rest;
    va_start(rest, flags);
    const auto mode = flags & O_CREAT ? va_arg(rest, ::mode_t) : 0;
    va_end(rest);
    static const auto call = own(&::openat, "openat");
    const bool counts = there(path) || there(at);
    if (counts && fails("openat")) return -1;
    const int file = call(at, path, flags, mode);
    note(file, counts);
    return file;
}
FILE* fopen64(const char* path, const char* mode) {
    static const auto call = own(&::fopen64, "fopen64");
    if (there(path) && fails("fopen")) return nullptr;
    FILE* file = call(path, mode);
    if (file) note(::fileno(file), there(path));
    return file;
}
int close(int file) {
    static const auto call = own(&::close, "close");
    const bool failed = there(file) && fails("close");
    const int problem = errno;
    note(file, false);
    const int done = call(file); // Linux frees the number in any case
    if (!failed) return done;
    errno = problem;
    return -1;
}
::ssize_t read(int file, void* bytes, std::size_t size) {
    static const auto call = own(&::read, "read");
    if (!there(file)) return call(file, bytes, size);
    return transfer("read", size, [&](std::size_t part) { return call(file, bytes, part); });
}
::ssize_t pread(int file, void* bytes, std::size_t size, ::off_t place) {
    static const auto call = own(&::pread, "pread");
    if (!there(file)) return call(file, bytes, size, place);
    return transfer("pread", size, [&](std::size_t part) { return call(file, bytes, part, place); });
}
::ssize_t write(int file, const void* bytes, std::size_t size) {
    static const auto call = own(&::write, "write");
    if (!there(file)) return call(file, bytes, size);
    return transfer("write", size, [&](std::size_t part) { return call(file, bytes, part); });
}
int fsync(int file) {
    static const auto call = own(&::fsync, "fsync");
    return there(file) && fails("fsync") ? -1 : call(file);
}
int ftruncate(int file, ::off_t size) noexcept {
    static const auto call = own(&::ftruncate, "ftruncate");
    return there(file) && fails("ftruncate") ? -1 : call(file, size);
}
int flock(int file, int operation) noexcept {
    static const auto call = own(&::flock, "flock");
    return there(file) && fails("flock") ? -1 : call(file, operation);
}
int fstat(int file, struct stat* status) noexcept {
    static const auto call = own(&::fstat, "fstat");
    return there(file) && fails("fstat") ? -1 : call(file, status);
}
int stat(const char* path, struct stat* status) noexcept {
    static const auto call = own(static_cast<int (*)(const char*, struct stat*)>(&::stat), "stat");
    return there(path) && fails("stat") ? -1 : call(path, status);
}
int lstat(const char* path, struct stat* status) noexcept {
    static const auto call = own(&::lstat, "lstat");
    return there(path) && fails("lstat") ? -1 : call(path, status);
}
int mkdir(const char* path, ::mode_t mode) noexcept {
    static const auto call = own(&::mkdir, "mkdir");
    return there(path) && fails("mkdir") ? -1 : call(path, mode);
}
int rename(const char* from, const char* to) noexcept {
    static const auto call = own(&::rename, "rename");
    return there(from) && fails("rename") ? -1 : call(from, to);
}
int unlink(const char* path) noexcept {
    static const auto call = own(&::unlink, "unlink");
    return there(path) && fails("unlink") ? -1 : call(path);
}
struct dirent* readdir(DIR* folder_of) {
    static const auto call = own(&::readdir, "readdir");
    return there(::dirfd(folder_of)) && fails("readdir") ? nullptr : call(folder_of);
}

} // extern "C"
