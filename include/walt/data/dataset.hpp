// What a dataset is: clips (or images, clips of one frame) with captions, each a pure function of (seed, index).
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <vector>

namespace walt {

/// A source of clips. `read` writes pixels [frames, height, width, 3] in [-1, 1] and the caption of clip `index`, for
/// 0 <= index < size(). The same (seed, index) gives the same clip, and several threads may read at once. The seed
/// drives whatever is random in a clip (crops, or all of it where clips are generated: then size() is merely huge).
template <class D>
concept dataset = requires(const D& d, std::uint64_t seed, std::int64_t index, float* pixels, std::string& caption) {
    { d.size() } -> std::same_as<std::int64_t>;
    { d.frames() } -> std::same_as<int>;
    { d.height() } -> std::same_as<int>;
    { d.width() } -> std::same_as<int>;
    d.read(seed, index, pixels, caption);
};

/// A dataset that can make one frame [height, width, 3] of a clip, with a still image's caption, without the others.
template <class D>
concept frame_dataset = dataset<D> &&
    requires(const D& d, std::uint64_t seed, std::int64_t index, float* pixels, std::string& caption) {
    d.read_frame(seed, index, /*frame*/ 0, pixels, caption);
};

/// One clip with memory of its own.
struct clip {
    std::vector<float> pixels; ///< [frames, height, width, 3] in [-1, 1]
    std::string caption;
};

/// Clip `index` of any dataset.
template <dataset D> clip clip_at(const D& from, std::uint64_t seed, std::int64_t index) {
    clip one;
    one.pixels.resize(static_cast<std::size_t>(std::int64_t{3} * from.frames() * from.height() * from.width()));
    from.read(seed, index, one.pixels.data(), one.caption);
    return one;
}

} // namespace walt
