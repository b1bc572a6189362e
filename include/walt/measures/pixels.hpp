// How near clips are to others pixel by pixel: PSNR and SSIM (docs/model.md 21), on the host. Pixels of [-1, 1] are
// mapped to [0, 1], and what lies outside of that is clamped: a tokenizer's reconstructions need no clamping before.
// Pixels that are missing in either (clips::present) do not count, whatever stands there.
#pragma once

#include "../data/clips.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

namespace walt {

namespace detail {
inline void comparable(const clips& x, const clips& y, const char* measure) {
    x.check(), y.check();
    const video_shape &a = x.shape, &b = y.shape;
    require(
        a == b,
        "{}: {} x {} x {} x {} x {} (clips, frames, height, width, channels) cannot be compared with {} x {} x {} x "
        "{} x {}",
        measure, a.count, a.frames, a.height, a.width, a.channels, b.count, b.frames, b.height, b.width, b.channels);
}
inline double unit_pixel(float of) { return std::clamp(0.5 * (static_cast<double>(of) + 1.0), 0.0, 1.0); }

/// A Gaussian's values at -5 .. 5 with deviation 1.5, of sum 1.
inline std::array<double, 11> ssim_window() {
    std::array<double, 11> window{};
    double sum = 0;
    for (std::size_t i = 0; i < window.size(); ++i) {
        const double at = static_cast<double>(i) - 5.0;
        sum += window[i] = std::exp(-at * at / (2 * 1.5 * 1.5));
    }
    for (double& one : window) one /= sum;
    return window;
}
/// The window's mean of an image [height, width] wherever it fits.
inline std::vector<double> ssim_mean(const std::vector<double>& image, std::int64_t height, std::int64_t width) {
    static const std::array<double, 11> window = ssim_window();
    constexpr std::int64_t taps = 11;
    const std::int64_t across = width - taps + 1, down = height - taps + 1;
    std::vector<double> rows(static_cast<std::size_t>(height * across)), all(static_cast<std::size_t>(down * across));
    for (std::int64_t i = 0; i < height; ++i)
        for (std::int64_t t = 0; t < taps; ++t)
            for (std::int64_t j = 0; j < across; ++j)
                rows[static_cast<std::size_t>(i * across + j)] +=
                    window[static_cast<std::size_t>(t)] * image[static_cast<std::size_t>(i * width + j + t)];
    for (std::int64_t i = 0; i < down; ++i)
        for (std::int64_t t = 0; t < taps; ++t)
            for (std::int64_t j = 0; j < across; ++j)
                all[static_cast<std::size_t>(i * across + j)] +=
                    window[static_cast<std::size_t>(t)] * rows[static_cast<std::size_t>((i + t) * across + j)];
    return all;
}
} // namespace detail

/// Peak signal to noise in dB: -10 log10 of a clip's mean squared error over all its pixels, averaged over the clips
/// (those that have a pixel). Infinite where a clip is the other's equal.
inline double psnr(const clips& x, const clips& y) {
    detail::comparable(x, y, "psnr");
    const std::vector<std::uint8_t> present = present_in_both(x, y);
    const std::int64_t clip = x.shape.sample();
    double decibels = 0;
    std::int64_t compared = 0;
    for (std::int64_t n = 0; n < x.shape.count; ++n) {
        double squares = 0;
        std::int64_t count = 0;
        for (std::int64_t i = n * clip; i < (n + 1) * clip; ++i) {
            if (!present.empty() && present[static_cast<std::size_t>(i / x.shape.channels)] == 0) continue;
            const double apart = detail::unit_pixel(x.pixels[static_cast<std::size_t>(i)]) -
                                 detail::unit_pixel(y.pixels[static_cast<std::size_t>(i)]);
            squares += apart * apart;
            ++count;
        }
        if (count == 0) continue;
        require(!std::isnan(squares), "psnr: clip {} has a pixel that is no number", n);
        decibels -= 10 * std::log10(squares / static_cast<double>(count));
        ++compared;
    }
    require(compared > 0, "psnr: none of {} clips has a pixel that is present in both", x.shape.count);
    return decibels / static_cast<double>(compared);
}

/// Structural similarity (Wang et al. 2004): a Gaussian window of 11 with deviation 1.5, constants 0.01^2 and 0.03^2,
/// each channel of each frame by itself where the window fits and all its pixels are present, averaged over all. Frames
/// are at least 11 pixels a side.
inline double ssim(const clips& x, const clips& y) {
    detail::comparable(x, y, "ssim");
    const std::int64_t height = x.shape.height, width = x.shape.width, C = x.shape.channels, area = height * width;
    require(height >= 11 && width >= 11, "ssim: frames of {} x {} are less than the window of 11 x 11", height, width);
    constexpr double c1 = 0.01 * 0.01, c2 = 0.03 * 0.03;
    const std::vector<std::uint8_t> present = present_in_both(x, y);
    double sum = 0;
    std::int64_t count = 0;
    for (std::int64_t frame = 0; frame < x.shape.count * x.shape.frames; ++frame) {
        std::vector<double> missing; // of a window, by its weights: 0 where all of it is there
        if (!present.empty()) {
            std::vector<double> marks(static_cast<std::size_t>(area));
            for (std::size_t i = 0; i < marks.size(); ++i)
                marks[i] = present[static_cast<std::size_t>(frame * area) + i] == 0 ? 1 : 0;
            missing = detail::ssim_mean(marks, height, width);
        }
        for (std::int64_t c = 0; c < C; ++c) {
            const auto image = [&](auto&& value) { // of (x, y) at each pixel, as the window's mean
                std::vector<double> made(static_cast<std::size_t>(area));
                for (std::int64_t i = 0; i < area; ++i) {
                    const auto at = static_cast<std::size_t>((frame * area + i) * C + c);
                    made[static_cast<std::size_t>(i)] =
                        value(detail::unit_pixel(x.pixels[at]), detail::unit_pixel(y.pixels[at]));
                }
                return detail::ssim_mean(made, height, width);
            };
            const auto mx = image([](double a, double) { return a; }), my = image([](double, double b) { return b; }),
                       xx = image([](double a, double) { return a * a; }),
                       yy = image([](double, double b) { return b * b; }),
                       xy = image([](double a, double b) { return a * b; });
            for (std::size_t i = 0; i < mx.size(); ++i) {
                if (!missing.empty() && missing[i] != 0) continue;
                const double squares = mx[i] * mx[i] + my[i] * my[i], product = mx[i] * my[i];
                sum += (2 * product + c1) * (2 * (xy[i] - product) + c2) /
                       ((squares + c1) * (xx[i] + yy[i] - squares + c2));
                ++count;
            }
        }
        require(!std::isnan(sum), "ssim: frame {} has a pixel that is no number", frame);
    }
    require(count > 0, "ssim: in {} frames of {} x {} no window of 11 x 11 pixels is present in both",
            x.shape.count * x.shape.frames, height, width);
    return sum / static_cast<double>(count);
}

} // namespace walt
