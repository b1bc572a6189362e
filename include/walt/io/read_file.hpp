// A whole file in memory, or a sentence that says why not.
#pragma once

#include "../core/error.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <vector>

namespace walt {

/// The bytes of a regular file. Throws walt::error for what is absent, no file (a folder, a pipe) or unreadable.
inline std::vector<std::byte> read_file(const std::filesystem::path& path) {
    std::error_code problem;
    const std::filesystem::file_status status = std::filesystem::status(path, problem);
    require(std::filesystem::exists(status), "{} cannot be opened for reading: there is no such file", path.string());
    require(std::filesystem::is_regular_file(status),
            "{} cannot be opened for reading: it is a folder or a device, not a file", path.string());
    const std::uintmax_t size = std::filesystem::file_size(path, problem);
    std::ifstream file(path, std::ios::binary);
    require(file.good() && !problem, "{} cannot be opened for reading", path.string());
    std::vector<std::byte> bytes(static_cast<std::size_t>(size));
    file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(size));
    require(file.gcount() == static_cast<std::streamsize>(size), "{} could not be read to its end: {} of {} bytes came",
            path.string(), file.gcount(), size);
    return bytes;
}

} // namespace walt
