// A video in chunks of whole latent frames: where they lie, and their frames taken out of it and put back.
#pragma once

#include "../core/error.hpp"
#include "../core/video.hpp"
#include "../ops/pointwise.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace walt {

/// Where a chunk lies in its video: first frame and count, of pixels and of latents.
struct chunk_frames {
    std::int64_t pixel = 0, pixels = 0, latent = 0, latents = 0;
};

/// A video of so many latent frames in chunks of at most `most`, of which each makes time_compression frames of pixels
/// but the video's first, which makes one.
inline std::vector<chunk_frames> chunks_of(std::int64_t latent_frames, std::int64_t most, int time_compression) {
    require(most >= 1, "a chunk has 1 latent frame or more, not {}", most);
    std::vector<chunk_frames> all;
    for (std::int64_t at = 0, pixel = 0; at < latent_frames; at += most) {
        const std::int64_t count = std::min(most, latent_frames - at),
                           pixels = count * time_compression - (at == 0 ? time_compression - 1 : 0);
        all.push_back({pixel, pixels, at, count});
        pixel += pixels;
    }
    return all;
}

/// Frames first .. first + count - 1 of every video [B, F, H, W, C]: the videos themselves where these are all, else a
/// copy in the arena's open scope.
template <class T, int C>
video_view<T, C> frames_of(auto& ctx, const video_view<T, C>& of, std::int64_t first, std::int64_t count) {
    if (count == of.extent(1)) return of;
    const auto part = video_size{of.extent(0), count, of.extent(2), of.extent(3)}.template take<T, C>(ctx.arena);
    for (std::int64_t b = 0; b < of.extent(0); ++b)
        for (std::int64_t f = 0; f < count; ++f) ops::convert(ctx, frame_of(of, b, first + f), frame_of(part, b, f));
    return part;
}
/// Frames first, first + 1, ... of every video become those of `part`.
template <class T, int C>
void put_frames(auto& ctx, const video_view<T, C>& part, const video_view<T, C>& to, std::int64_t first) {
    for (std::int64_t b = 0; b < part.extent(0); ++b)
        for (std::int64_t f = 0; f < part.extent(1); ++f)
            ops::convert(ctx, frame_of(part, b, f), frame_of(to, b, first + f));
}

} // namespace walt
