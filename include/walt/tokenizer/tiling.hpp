// Frames that are too large for memory, through a tokenizer in tiles that overlap and are blended. It is an
// approximation: a tile does not see beyond its edges, and its group norms are its own. (Docs: model.md 3.)
#pragma once

#include "tokenizer.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

namespace walt {

/// Tiles of a frame, in pixels; multiples of the tokenizer's compression in space. Frames that are smaller are one
/// tile.
struct tiling {
    std::int64_t height = 256, width = 256; ///< of a tile
    std::int64_t overlap = 64;              ///< shared by two neighbours, at least; there one fades into the other
};

namespace detail {

/// Where the tiles of an axis begin: as few as cover it with at least `overlap` shared, the last one at its end.
inline std::vector<std::int64_t> tiles_along(std::int64_t extent, std::int64_t tile, std::int64_t overlap) {
    std::vector<std::int64_t> begins{0};
    while (begins.back() + tile < extent) begins.push_back(std::min(begins.back() + tile - overlap, extent - tile));
    return begins;
}
/// How much element i of a tile counts, before all that cover a place are scaled to a sum of 1.
constexpr std::int64_t tile_weight(std::int64_t i, std::int64_t tile, std::int64_t overlap) {
    return std::min({i + 1, tile - i, overlap + 1});
}

/// Rows and columns of every frame of [count, frames, height, width, C].
template <class T>
std::vector<T> cropped(const std::vector<T>& from, const video_shape& shape, std::int64_t row, std::int64_t column,
                       std::int64_t height, std::int64_t width) {
    std::vector<T> made;
    if (from.empty()) return made;
    const std::int64_t pixel =
        static_cast<std::int64_t>(from.size()) / (shape.count * shape.frames * shape.height * shape.width);
    made.reserve(static_cast<std::size_t>(shape.count * shape.frames * height * width * pixel));
    for (std::int64_t frame = 0; frame < shape.count * shape.frames; ++frame)
        for (std::int64_t i = row; i < row + height; ++i)
            append(made, from, ((frame * shape.height + i) * shape.width + column) * pixel, width * pixel);
    return made;
}

/// The results of tiles on their way to become whole frames.
class blended_tiles {
  public:
    blended_tiles(const video_shape& whole, std::int64_t height, std::int64_t width, std::int64_t overlap)
        : shape(whole), tile_height_(height), tile_width_(width), overlap_(overlap),
          sum_(static_cast<std::size_t>(whole.size())), weight_(static_cast<std::size_t>(whole.height * whole.width)) {}

    /// [count, frames, tile height, tile width, channels], which begins at this row and column.
    void add(const std::vector<float>& tile, std::int64_t row, std::int64_t column) {
        const auto weight_of = [&](std::int64_t i, std::int64_t j) {
            return static_cast<float>(tile_weight(i, tile_height_, overlap_) * tile_weight(j, tile_width_, overlap_));
        };
        auto next = tile.begin();
        for (std::int64_t frame = 0; frame < shape.count * shape.frames; ++frame)
            for (std::int64_t i = 0; i < tile_height_; ++i) {
                auto to = sum_.begin() + ((frame * shape.height + row + i) * shape.width + column) * shape.channels;
                for (std::int64_t j = 0; j < tile_width_; ++j)
                    for (std::int64_t c = 0; c < shape.channels; ++c) *to++ += weight_of(i, j) * *next++;
            }
        for (std::int64_t i = 0; i < tile_height_; ++i)
            for (std::int64_t j = 0; j < tile_width_; ++j)
                weight_[static_cast<std::size_t>((row + i) * shape.width + column + j)] += weight_of(i, j);
    }
    /// [count, frames, height, width, channels].
    std::vector<float> whole() && {
        auto value = sum_.begin();
        for (std::int64_t frame = 0; frame < shape.count * shape.frames; ++frame)
            for (const float weight : weight_)
                for (std::int64_t c = 0; c < shape.channels; ++c) *value++ /= weight;
        return std::move(sum_);
    }

    const video_shape shape;

  private:
    std::int64_t tile_height_, tile_width_, overlap_;
    std::vector<float> sum_, weight_;
};

/// pass(row, column) for each tile of a frame, with its first row and column.
template <class Pass>
void each_tile(std::int64_t height, std::int64_t width, std::int64_t tile_height, std::int64_t tile_width,
               std::int64_t overlap, Pass&& pass) {
    for (const std::int64_t row : tiles_along(height, tile_height, overlap))
        for (const std::int64_t column : tiles_along(width, tile_width, overlap)) pass(row, column);
}
/// What pass(row, column, height, width) gives for each tile of a frame, put together. All is in units of the frame
/// that is taken apart; of(extent) is what an extent of it is in the result, whose numbers are `values`.
template <class Made, class Extent, class Pass>
Made in_tiles(const video_shape& frame, const tiling& how, std::vector<float> Made::*values, Extent&& of, Pass&& pass) {
    const std::int64_t height = std::min(how.height, frame.height), width = std::min(how.width, frame.width);
    std::optional<blended_tiles> whole;
    Made made;
    each_tile(frame.height, frame.width, height, width, how.overlap, [&](std::int64_t row, std::int64_t column) {
        made = pass(row, column, height, width);
        if (!whole) {
            video_shape shape = made.shape;
            shape.height = of(frame.height), shape.width = of(frame.width);
            whole.emplace(shape, of(height), of(width), of(how.overlap));
        }
        whole->add(made.*values, of(row), of(column));
    });
    made.shape = whole->shape;
    made.*values = std::move(*whole).whole();
    return made;
}
inline void check_tiling(const tiling& how, std::int64_t compression) {
    for (const std::int64_t extent : {how.height, how.width, how.overlap})
        require(extent >= 0 && extent % compression == 0,
                "tiles of {} x {} pixels that share {}: all three must be multiples of the {} that this tokenizer "
                "compresses in space",
                how.height, how.width, how.overlap, compression);
    require(how.overlap < std::min(how.height, how.width),
            "tiles of {} x {} pixels cannot share {}: a tile must be larger", how.height, how.width, how.overlap);
}

} // namespace detail

/// What tokenizer.encode(from, scale) gives, nearly, in the memory of one tile. Errors are encode's, and those of a
/// tiling that the tokenizer cannot have.
template <class Tokenizer>
latents encode_in_tiles(const Tokenizer& tokenizer, const clips& from, const tiling& how,
                        latent_scale scale = latent_scale::normalised) {
    constexpr std::int64_t s = Tokenizer::dims::space_compression;
    detail::check_tiling(how, s);
    from.check();
    require(from.shape.height % s == 0 && from.shape.width % s == 0,
            "this tokenizer compresses space by {}: frames of {} x {} pixels do not divide by it", s, from.shape.height,
            from.shape.width);
    clips part = from;
    return detail::in_tiles(
        from.shape, how, &latents::values, [](std::int64_t pixels) { return pixels / s; },
        [&](std::int64_t row, std::int64_t column, std::int64_t height, std::int64_t width) {
            part.shape.height = height, part.shape.width = width;
            part.pixels = detail::cropped(from.pixels, from.shape, row, column, height, width);
            part.present = detail::cropped(from.present, from.shape, row, column, height, width);
            return tokenizer.encode(part, scale);
        });
}

/// What tokenizer.decode(from) gives, nearly, in the memory of one tile.
template <class Tokenizer> clips decode_in_tiles(const Tokenizer& tokenizer, const latents& from, const tiling& how) {
    constexpr std::int64_t s = Tokenizer::dims::space_compression;
    detail::check_tiling(how, s);
    from.check();
    latents part = from;
    part.low_resolution.clear();
    return detail::in_tiles(
        from.shape, {how.height / s, how.width / s, how.overlap / s}, &clips::pixels,
        [](std::int64_t places) { return places * s; },
        [&](std::int64_t row, std::int64_t column, std::int64_t height, std::int64_t width) {
            part.shape.height = height, part.shape.width = width;
            part.values = detail::cropped(from.values, from.shape, row, column, height, width);
            return tokenizer.decode(part);
        });
}

} // namespace walt
