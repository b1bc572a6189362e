// A tokenizer of images becomes one of videos (paper sec. 4.1, docs/model.md 14): what the second begins to train from.
#pragma once

#include "../config/changes.hpp"
#include "../core/error.hpp"
#include "../core/model.hpp"
#include "config.hpp"

#include <algorithm>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace walt {

namespace detail {
/// The fields of a config as text, but for those that may differ where an image's tokenizer becomes a video's.
template <class Config> std::map<std::string_view, std::string> fields_beside_time() {
    std::map<std::string_view, std::string> fields;
    Config::template describe<Config>([&](std::string_view name, const auto& value) {
        if (name != "time_strides" && name != "causal" && name != "per_frame") fields[name] = field_text(value);
    });
    return fields;
}
template <class Image, class Video> void differ_in_time_alone() {
    auto image = fields_beside_time<Image>(), video = fields_beside_time<Video>();
    for (const auto& field : image) video.emplace(field.first, "its default");
    for (const auto& [name, value] : video) {
        const std::string& from = image.emplace(name, "its default").first->second;
        require(from == value,
                "a tokenizer whose {} is {} cannot be inflated to one whose {} is {}: they differ in more than time",
                name, from, name, value);
    }
}

/// The image's parameter that becomes `to`: of one shape, but for the frames of a kernel [O, I, t, h, w] and the output
/// channels of an upsampling, which has them for every frame that it makes.
inline const parameter_row& to_be_inflated(const std::vector<parameter_row>& table, const parameter_row& to) {
    const auto found = std::find_if(table.begin(), table.end(), [&](const auto& row) { return row.name == to.name; });
    require(found != table.end(), "the tokenizer to be inflated has no {}, which that of videos has", to.name);
    const std::vector<std::int64_t>&image = found->shape, &video = to.shape;
    const bool kernel = image.size() == 5 && video.size() == 5, up = to.name.find(".up.") != std::string_view::npos;
    bool fits = image.size() == video.size() && !image.empty() &&
                (image[0] == video[0] || (up && image[0] > 0 && video[0] % image[0] == 0));
    for (std::size_t axis = 1; fits && axis < image.size(); ++axis)
        fits = image[axis] == video[axis] || (kernel && axis == 2 && image[axis] == 1);
    require(fits, "{} of {} elements cannot be inflated to one of {}: the two tokenizers differ in more than time",
            to.name, found->size, to.size);
    return *found;
}
/// Its numbers in memory order: the last frame of the video's kernel is the image's and the others are zero; the output
/// channels of an upsampling, (frame, row, column, C), are repeated for each frame; everything else is copied.
template <class A>
std::vector<A> inflated(const parameter_row& from, std::span<const A> values, const parameter_row& to) {
    std::vector<A> made(to.size);
    const auto outs = static_cast<std::size_t>(from.shape[0]), more = static_cast<std::size_t>(to.shape[0]),
               inner = from.size / outs, wide = to.size / more;
    for (std::size_t o = 0; o < more; ++o)
        std::copy_n(values.begin() + static_cast<std::ptrdiff_t>(o % outs * inner), inner,
                    made.begin() + static_cast<std::ptrdiff_t>((o + 1) * wide - inner));
    return made;
}
} // namespace detail

/// Sets the parameters of `to`, a causal tokenizer of videos, to those of `from`, one that is causal or per_frame, on
/// any device; the latents' statistics too. On one frame the two then compute the same. Throws walt::error, and changes
/// nothing, where their configs differ in more than time: in time_strides, causal and per_frame.
template <class Image, class Video> void inflate(const Image& from, Video& to) {
    using A = typename Video::master_type;
    using image = typename Image::config_type;
    using video = typename Video::config_type;
    static_assert(video::causal && !video::per_frame,
                  "a tokenizer is inflated to a causal one of videos (causal, and not per_frame)");
    static_assert(image::causal || image::per_frame,
                  "a tokenizer can be inflated if no frame of it sees a later one: it must be causal or per_frame");
    detail::differ_in_time_alone<image, video>();
    for (const parameter_row& row : Video::table()) detail::to_be_inflated(Image::table(), row);
    for (const parameter_row& row : Video::table()) {
        const parameter_row& found = detail::to_be_inflated(Image::table(), row);
        std::vector<typename Image::master_type> values(found.size);
        from.get(found, values);
        const std::vector<A> converted(values.begin(), values.end());
        to.set(row, detail::inflated<A>(found, converted, row));
    }
}

} // namespace walt
