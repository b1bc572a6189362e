// What a dataset is: clips (or images, clips of one frame) with what is known of them, each a pure function of (seed,
// index).
#pragma once

#include "../core/philox.hpp"
#include "clips.hpp"

#include <algorithm>
#include <concepts>
#include <string>
#include <vector>

namespace walt {

/// One clip, or one frame of a clip as an image (F = 1).
struct clip {
    std::vector<float> pixels{};               ///< [F, H, W, C] in [-1, 1], C the dataset's channels()
    std::string caption{};                     ///< empty: none
    std::int32_t label = no_label;             ///< 0 .. classes() - 1
    std::vector<float> numbers{};              ///< [F, N], N the dataset's numbers()
    std::vector<std::uint8_t> numbers_valid{}; ///< [F]: 1, or 0 where a frame's numbers are not known
    std::vector<std::uint8_t> present{};       ///< [F, H, W]: 0 where a pixel is missing; empty: all are there
};

/// A source of clips. `read` writes into a clip whose pixels (and numbers, all valid) have their size already; it says
/// a caption, a label or numbers where it knows them, and which pixels are present where some are missing. The same
/// (seed, index), 0 <= index < size(), gives the same clip, and several threads may read at once. The seed drives
/// whatever is random in a clip (crops, or all of it where clips are generated: then size() is merely huge). Whoever
/// keeps a dataset copies it: it should be a cheap handle that shares what is large, as walt's own are.
/// One whose pixels have other than 3 channels (grey 1, RGBA 4, a field what it has) has `int channels() const`, one
/// with labels or numbers `int classes() const`, more than all labels, or `int numbers() const`, the N of its clips'
/// numbers.
template <class D>
concept dataset = requires(const D& d, walt::seed seed, std::int64_t index, clip& out) {
    { d.size() } -> std::same_as<std::int64_t>;
    { d.frames() } -> std::same_as<int>;
    { d.height() } -> std::same_as<int>;
    { d.width() } -> std::same_as<int>;
    d.read(seed, index, out);
};

/// A dataset that can make one frame of a clip, with a still image's caption, without the others.
template <class D>
concept frame_dataset = dataset<D> && requires(const D& d, walt::seed seed, std::int64_t index, clip& out) {
    d.read_frame(seed, index, /*frame*/ 0, out);
};

/// Channels of a dataset's pixels.
template <dataset D> int channels_of(const D& data) {
    if constexpr (requires { data.channels(); }) {
        require(data.channels() >= 1, "a dataset's pixels have 1 channel or more, not {}", data.channels());
        return data.channels();
    } else return 3;
}
/// Classes of a dataset, and numbers of each of its frames; 0 where it has none.
template <dataset D> int classes_of(const D& data) {
    if constexpr (requires { data.classes(); }) return data.classes();
    else return 0;
}
template <dataset D> int numbers_of(const D& data) {
    if constexpr (requires { data.numbers(); }) return data.numbers();
    else return 0;
}

namespace detail {
/// Reads a clip of so many frames and holds the dataset to what it promised.
template <dataset D> clip read_one(const D& from, std::int64_t index, int frames, auto&& read) {
    clip one;
    const std::int64_t positions = std::int64_t{frames} * from.height() * from.width();
    const std::int64_t pixels = positions * channels_of(from);
    const std::int64_t numbers = std::int64_t{frames} * numbers_of(from);
    one.pixels.resize(static_cast<std::size_t>(pixels));
    one.numbers.resize(static_cast<std::size_t>(numbers));
    if (numbers > 0) one.numbers_valid.assign(static_cast<std::size_t>(frames), 1);
    read(one);
    const auto keeps = [&](const auto& list, std::int64_t size, const char* what) {
        require(static_cast<std::int64_t>(list.size()) == size,
                "clip {} of a dataset has {} {} where {} were asked for", index, list.size(), what, size);
    };
    keeps(one.pixels, pixels, "pixel numbers");
    if (!one.present.empty()) keeps(one.present, positions, "marks of present pixels");
    keeps(one.numbers, numbers, "numbers");
    keeps(one.numbers_valid, numbers > 0 ? frames : 0, "validities of numbers");
    require(one.label == no_label || (one.label >= 0 && one.label < classes_of(from)),
            "clip {} has the label {}, but its dataset has {} classes: int classes() const says how many there are",
            index, one.label, classes_of(from));
    return one;
}
} // namespace detail

/// Clip `index` of any dataset.
template <dataset D> clip clip_at(const D& from, walt::seed seed, std::int64_t index) {
    return detail::read_one(from, index, from.frames(), [&](clip& out) { from.read(seed, index, out); });
}

/// One frame of clip `index` as an image: without the others where the dataset can, else cut out of the whole clip.
template <dataset D> clip frame_at(const D& from, walt::seed seed, std::int64_t index, int frame) {
    if constexpr (frame_dataset<D>) {
        return detail::read_one(from, index, 1, [&](clip& out) { from.read_frame(seed, index, frame, out); });
    } else {
        clip one = clip_at(from, seed, index);
        const auto keep = [&](auto& list) {
            const auto size = static_cast<std::ptrdiff_t>(list.size()) / from.frames();
            std::copy_n(list.begin() + size * frame, size, list.begin());
            list.resize(static_cast<std::size_t>(size));
        };
        keep(one.pixels);
        keep(one.present);
        keep(one.numbers);
        keep(one.numbers_valid);
        return one;
    }
}

} // namespace walt
