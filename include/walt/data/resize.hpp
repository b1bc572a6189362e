// Pictures of any size brought to one: scaled until they cover it, without aliasing, then cropped.
#pragma once

#include "../core/range.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

namespace walt {

/// Which part of a picture that covers more than is wanted is kept: 0 left or top, 0.5 the middle, 1 right or bottom.
/// Whoever crops throws walt::error for what lies outside of 0 to 1.
struct crop {
    float x = 0.5f, y = 0.5f;
};

namespace detail {
/// For every output pixel of one axis its first input pixel and the weights of `taps` in a row: a triangle, as wide as
/// an output pixel where that is larger than an input one (bilinear when enlarging, area-like when shrinking).
struct resampling {
    int taps;
    std::vector<int> first;
    std::vector<float> weight; // [outputs, taps], each row sums to 1

    /// Output pixel o is centred at (offset + o + 0.5) inputs_per_output in input pixels.
    resampling(int inputs, int outputs, double inputs_per_output, double offset) {
        const double reach = std::max(1.0, inputs_per_output);
        taps = std::min(inputs, static_cast<int>(std::ceil(2.0 * reach)) + 1);
        for (int o = 0; o < outputs; ++o) {
            const double centre = (offset + o + 0.5) * inputs_per_output - 0.5;
            const int start = std::clamp(static_cast<int>(std::ceil(centre - reach)), 0, inputs - taps);
            std::vector<double> row;
            double sum = 0;
            for (int t = 0; t < taps; ++t) {
                row.push_back(std::max(0.0, 1.0 - std::abs(start + t - centre) / reach));
                sum += row.back();
            }
            first.push_back(start);
            for (const double w : row) weight.push_back(static_cast<float>(w / sum));
        }
    }
};
} // namespace detail

/// Resizes pictures of one size to another. from [in_height, in_width, 3] bytes; to [height, width, 3] in [-1, 1].
class resizer {
  public:
    resizer(int in_height, int in_width, int height, int width, crop keep = {})
        : in_width_(in_width), height_(height), width_(width),
          scale_(std::min(double(in_height) / std::max(height, 1), double(in_width) / std::max(width, 1))),
          rows_(checked(in_height, height, "crop::y", keep.y), height, scale_,
                (in_height / scale_ - height) * static_cast<double>(keep.y)),
          columns_(checked(in_width, width, "crop::x", keep.x), width, scale_,
                   (in_width / scale_ - width) * static_cast<double>(keep.x)) {}

    void operator()(const std::uint8_t* from, float* to) const {
        const std::size_t wide = 3 * static_cast<std::size_t>(in_width_);
        std::vector<float> line(wide);
        for (int y = 0; y < height_; ++y) {
            std::fill(line.begin(), line.end(), 0.0f);
            for (int t = 0; t < rows_.taps; ++t) {
                const float w = rows_.weight[static_cast<std::size_t>(y * rows_.taps + t)];
                const std::uint8_t* row =
                    from + static_cast<std::size_t>(rows_.first[static_cast<std::size_t>(y)] + t) * wide;
                for (std::size_t i = 0; i < wide; ++i) line[i] += w * static_cast<float>(row[i]);
            }
            for (int x = 0; x < width_; ++x, to += 3) {
                const float* pixel = line.data() + 3 * columns_.first[static_cast<std::size_t>(x)];
                float sum[3]{};
                for (int t = 0; t < columns_.taps; ++t, pixel += 3)
                    for (int c = 0; c < 3; ++c)
                        sum[c] += columns_.weight[static_cast<std::size_t>(x * columns_.taps + t)] * pixel[c];
                for (int c = 0; c < 3; ++c) to[c] = std::clamp(sum[c] / 127.5f - 1.0f, -1.0f, 1.0f);
            }
        }
    }

  private:
    static int checked(int in, int out, const char* crop, float kept) {
        require(in > 0 && out > 0, "pictures are resized from and to extents of 1 or more; here from {} to {}", in,
                out);
        check_option(crop, kept, ranges::share);
        return in;
    }

    int in_width_, height_, width_;
    double scale_; // input pixels per output pixel: the smaller of both axes', so that the picture covers the output
    detail::resampling rows_, columns_;
};

} // namespace walt
