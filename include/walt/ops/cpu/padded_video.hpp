// CPU: a video with its padding written out, and the gradient of that.
#pragma once

#include "../conv_geometry.hpp"
#include "../rules.hpp"
#include "context.hpp"

#include <array>
#include <cstring>

namespace walt::cpu::inline WALT_INSTRUCTION_SET::detail {

inline bool repeats(const conv_axis& axis) { return axis.edge == padding::replicate; }

/// x with the geometry's padding around it, in the arena. `past`, where there is one, lies before the first frame.
template <class T, int C, class Past>
video_view<const T, C> written_out(context& ctx, const conv_geometry& g, video_view<const T, C> x, const Past& past) {
    const padded_video padded(g, size_of(x));
    const video_size wide = padded.wide();
    const auto to = wide.take<T, C>(ctx.arena);
    parallel(wide.batch * wide.frames * wide.height, wide.width * C, [&](std::int64_t row) {
        const std::int64_t r = padded.height.source(row % wide.height), frame = row / wide.height % wide.frames,
                           b = row / wide.height / wide.frames;
        const auto line_of = [&](const auto& video, std::int64_t t) -> const T* {
            return t < 0 || r < 0 ? nullptr
                                  : video.data() + ((b * video.extent(1) + t) * x.extent(2) + r) * x.extent(3) * C;
        };
        const T* line = line_of(x, padded.time.source(frame));
        if constexpr (!is_none<Past>)
            if (past.extent(0) > 0 && frame < padded.time.before) line = line_of(past, frame);
        for (std::int64_t i = 0; i < wide.width; ++i) {
            const std::int64_t c = padded.width.source(i);
            T* element = to.data() + (row * wide.width + i) * C;
            if (line == nullptr || c < 0) std::memset(static_cast<void*>(element), 0, C * sizeof(T));
            else std::memcpy(static_cast<void*>(element), line + c * C, C * sizeof(T));
        }
    });
    return to.read();
}

/// dx = the sum of the gradients of all places that show an element, in their order.
template <int C, class U>
void fold_back(const padded_video& padded, video_view<const float, C> wide, video_view<U, C> dx) {
    const padded_axis time = padded.time, height = padded.height, width = padded.width;
    parallel(dx.extent(0) * dx.extent(1) * dx.extent(2), dx.extent(3) * C, [&](std::int64_t row) {
        const std::int64_t r = row % height.extent, t = row / height.extent % time.extent,
                           b = row / height.extent / time.extent;
        for (std::int64_t i = 0; i < width.extent; ++i) {
            std::array<float, C> sum{};
            for (std::int64_t f = time.first(t); f <= time.last(t); ++f)
                for (std::int64_t h = height.first(r); h <= height.last(r); ++h)
                    for (std::int64_t w = width.first(i); w <= width.last(i); ++w) {
                        const std::int64_t at = ((b * time.wide() + f) * height.wide() + h) * width.wide() + w;
                        for (int c = 0; c < C; ++c) sum[static_cast<std::size_t>(c)] += wide.data()[at * C + c];
                    }
            for (int c = 0; c < C; ++c)
                dx.data()[(row * width.extent + i) * C + c] = static_cast<U>(sum[static_cast<std::size_t>(c)]);
        }
    });
}

} // namespace walt::cpu::inline WALT_INSTRUCTION_SET::detail
