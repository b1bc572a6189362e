// The first frames of a video, as they are and at a rate.
#include "file_of.hpp"

#include <walt/io/mp4.hpp>

void test(std::span<const std::uint8_t> bytes) {
    av_log_set_level(AV_LOG_QUIET);
    const auto path = fuzz::file_of(bytes);
    std::int64_t counted = 0;
    const bool whole = fuzz::may_refuse([&] { counted = walt::probe(path).frames; });
    fuzz::may_refuse([&] {
        const walt::video clip = walt::read_up_to(path, 0, 6);
        fuzz::holds(clip.frames == 0 || clip.complete());
        fuzz::holds(!whole || clip.frames == std::min<std::int64_t>(6, counted));
    });
    fuzz::may_refuse([&] { walt::each_frame(path, 0, 6, 1, 10, [](const auto&, int, int) {}); });
}
