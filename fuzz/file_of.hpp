// The bytes that a fuzzer made as a file, and readers that may refuse it by walt::error and in no other way.
#pragma once

#include <walt/core/error.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <span>
#include <string>

#include <fcntl.h>
#include <unistd.h>

namespace fuzz {

/// A folder in memory, where there is one; of this process.
inline const std::filesystem::path& folder() {
    static const std::filesystem::path made = [] {
        const std::filesystem::path shared = "/dev/shm";
        std::string pattern =
            ((std::filesystem::exists(shared) ? shared : std::filesystem::temp_directory_path()) / "walt_fuzz_XXXXXX");
        if (::mkdtemp(pattern.data()) == nullptr) std::abort();
        std::atexit([] { std::filesystem::remove_all(folder()); });
        return std::filesystem::path(pattern);
    }();
    return made;
}
inline std::filesystem::path file_of(std::span<const std::uint8_t> bytes, const char* name = "file") {
    const std::filesystem::path path = folder() / name;
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (file < 0 || ::write(file, bytes.data(), bytes.size()) != static_cast<::ssize_t>(bytes.size())) std::abort();
    ::close(file);
    return path;
}
inline void holds(bool promise) {
    if (!promise) std::abort();
}
/// Whether the work was done; every other exception than walt::error ends the program.
template <class Work> bool may_refuse(Work&& work) {
    try {
        work();
        return true;
    } catch (const walt::error&) {
        return false;
    }
}

} // namespace fuzz

void test(std::span<const std::uint8_t> bytes); ///< what a harness defines
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    test({bytes, size});
    return 0;
}
