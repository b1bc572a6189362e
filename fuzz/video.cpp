// The frames of a video: counted, read, and sought in its middle, as they are and at a rate.
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
    for (const double rate : {0.0, 10.0})
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
