// What a file is, in 16 digits: by which results say whose weights they are of.
#pragma once

#include "read_file.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace walt {

/// FNV-1a of a file's bytes, 64 bits, in hexadecimal. It tells versions apart; against forgery it is nothing.
inline std::string file_hash(const std::filesystem::path& path) {
    const opened_file file(path);
    std::vector<std::byte> piece(std::size_t{1} << 20);
    std::uint64_t h = 0xcbf29ce484222325u;
    for (std::uint64_t at = 0; at < file.size(); at += piece.size()) {
        piece.resize(static_cast<std::size_t>(std::min<std::uint64_t>(piece.size(), file.size() - at)));
        file.read(at, std::span(piece));
        for (const std::byte one : piece) h = (h ^ static_cast<std::uint64_t>(one)) * 0x100000001b3u;
    }
    return fmt::format("{:016x}", h);
}

} // namespace walt
