// The frames of a video: counted and read, or sought in its middle as they are, or at a rate. FFmpeg takes milliseconds
// to open a file, so a file goes one of these ways; a slightly different one goes another.
#include "file_of.hpp"

#include <walt/io/mp4.hpp>

#include <numeric>

namespace {

void count_and_read(const std::filesystem::path& path) {
    std::int64_t counted = 0;
    const bool whole = fuzz::may_refuse([&] { counted = walt::probe(path).frames; });
    fuzz::may_refuse([&] {
        const walt::video clip = walt::read_up_to(path, 0, 6);
        fuzz::holds(clip.frames == 0 || clip.complete());
        fuzz::holds(!whole || clip.frames == std::min<std::int64_t>(6, counted));
    });
}

void seek(const std::filesystem::path& path, double rate) {
    fuzz::may_refuse([&] {
        const auto index = walt::detail::av::reader(path, rate).index();
        const std::int64_t first = index.frames < 2000 ? index.frames / 2 : 0; // what is sought is in reach
        walt::each_frame(
            path, first, 3, 2, rate,
            [](const std::vector<std::uint8_t>& rgb, int height, int width) {
                fuzz::holds(rgb.size() ==
                            std::size_t{3} * static_cast<std::size_t>(height) * static_cast<std::size_t>(width));
            },
            index);
    });
}

} // namespace

void test(std::span<const std::uint8_t> bytes) {
    av_log_set_level(AV_LOG_QUIET);
    const auto path = fuzz::file_of(bytes);
    switch (std::accumulate(bytes.begin(), bytes.end(), 0u) % 3) {
    case 0: return count_and_read(path);
    case 1: return seek(path, 0);
    default: return seek(path, 10);
    }
}
