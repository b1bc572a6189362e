// Clips as the judge reads them.
#pragma once

#include <walt/io/frames.hpp>
#include <walt/io/safetensors_writer.hpp>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace judge {

/// Videos of one size with their captions: pixels U8 [B, F, H, W, 3] and the metadata captions, one a line; `made` says
/// how they were made.
inline void write_clips(const std::filesystem::path& path, const std::vector<walt::video>& videos,
                        const std::vector<std::string>& captions, const std::string& made = {}) {
    walt::require(!videos.empty(), "{}: there is no clip to write", path.string());
    walt::require(videos.size() == captions.size(), "{}: {} clips came with {} captions", path.string(), videos.size(),
                  captions.size());
    const walt::video& first = videos.front();
    std::vector<std::uint8_t> pixels;
    std::string lines;
    for (const walt::video& one : videos) pixels.insert(pixels.end(), one.rgb.begin(), one.rgb.end());
    for (std::size_t i = 0; i < captions.size(); ++i) {
        std::string line = captions[i];
        std::replace_if(
            line.begin(), line.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
        lines += (i > 0 ? "\n" : "") + (line.empty() ? " " : line);
    }
    walt::safetensors_writer file;
    file.metadata("captions", lines);
    if (!made.empty()) file.metadata("made", made);
    file.add<std::uint8_t>(
        "pixels", {static_cast<std::int64_t>(videos.size()), first.frames, first.height, first.width, 3}, pixels);
    file.save(path);
}

} // namespace judge
