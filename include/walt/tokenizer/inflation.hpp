// A tokenizer of images becomes one of videos (paper sec. 4.1, docs/model.md 14): what the second begins to train from.
#pragma once

#include "../core/model.hpp"
#include "config.hpp"

#include <algorithm>
#include <span>
#include <string_view>
#include <vector>

namespace walt {

namespace detail {
/// One parameter of the network for videos, in memory order: of a kernel [O, t, h, w, I] the last frame is the image's
/// kernel and the others are zero; the output channels of an upsampling, (frame, row, column, C), are repeated for each
/// frame; everything else is copied.
template <class A>
std::vector<A> inflated(const parameter_row& from, std::span<const A> values, const parameter_row& to) {
    const std::vector<std::int64_t>&image = from.shape, &video = to.shape;
    const bool kernel = image.size() == 5 && video.size() == 5, up = to.name.find(".up.") != std::string_view::npos;
    bool fits = image.size() == video.size() && !image.empty() &&
                (image[0] == video[0] || (up && image[0] > 0 && video[0] % image[0] == 0));
    for (std::size_t axis = 1; fits && axis < image.size(); ++axis)
        fits = image[axis] == video[axis] || (kernel && axis == 2 && image[axis] == 1);
    require(fits, "{} of {} elements cannot be inflated to one of {}: the two tokenizers differ in more than time",
            to.name, from.size, to.size);
    std::vector<A> made(to.size);
    const auto outs = static_cast<std::size_t>(image[0]), more = static_cast<std::size_t>(video[0]),
               inner = from.size / outs, wide = to.size / more;
    for (std::size_t o = 0; o < more; ++o)
        std::copy_n(values.begin() + static_cast<std::ptrdiff_t>(o % outs * inner), inner,
                    made.begin() + static_cast<std::ptrdiff_t>((o + 1) * wide - inner));
    return made;
}
} // namespace detail

/// Sets the parameters of `to`, a causal tokenizer of videos, to those of `from`, one that is per_frame or has no time
/// strides, of the same widths, on any device; the latents' statistics too. On one frame the two then compute the same.
/// Throws walt::error where the two differ in more than time.
template <class Image, class Video> void inflate(const Image& from, Video& to) {
    using A = typename Video::master_type;
    static_assert(Video::config_type::causal && !Video::config_type::per_frame,
                  "a tokenizer is inflated to a causal one of videos (causal, and not per_frame)");
    for (const parameter_row& row : Video::table()) {
        const auto& rows = Image::table();
        const auto found =
            std::find_if(rows.begin(), rows.end(), [&](const parameter_row& one) { return one.name == row.name; });
        require(found != rows.end(), "the tokenizer to be inflated has no {}, which that of videos has among {}",
                row.name, Video::table().size());
        std::vector<typename Image::master_type> values(found->size);
        from.get(*found, values);
        const std::vector<A> converted(values.begin(), values.end());
        to.set(row, detail::inflated<A>(*found, converted, row));
    }
}

} // namespace walt
