// Numbers as an SVG picture of bars, with what is uncertain of them. Each bar has a scale of its own: what stands
// beside each other is of different kinds.
#pragma once

#include "plot.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <span>
#include <string>

namespace walt {

struct bar {
    std::string name;
    double value = 0, low = 0, high = 0; ///< the bar's end, and its interval
    std::string words;                   ///< what is written beside it
    double full = 0;                     ///< what would fill the row; 0: a little more than the largest of these
};

/// Writes a row for each bar. `comment`: what the file says of itself, how it was made, say.
inline void write_bars(const std::filesystem::path& path, const std::string& title, std::span<const bar> bars,
                       const std::string& comment = "") {
    constexpr double width = 960, left = 20, length = 400, row = 44, top = 52;
    const double height = top + row * static_cast<double>(bars.size()) + 12;
    std::string svg = fmt::format("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" "
                                  "font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" "
                                  "fill=\"white\"/>\n<text x=\"{}\" y=\"26\" font-size=\"15\">{}</text>\n",
                                  width, height, left, detail::escape_xml(title));
    for (std::size_t i = 0; i < bars.size(); ++i) {
        const bar& one = bars[i];
        const double most = std::max({one.value, one.high, 0.0}), full = one.full > 0 ? one.full : most * 1.05;
        const auto place = [&](double value) {
            return full > 0 && std::isfinite(value) ? std::clamp(value / full, 0.0, 1.0) * length : 0.0;
        };
        const double y = top + row * static_cast<double>(i), middle = y + 24;
        svg += fmt::format("<text x=\"{}\" y=\"{}\">{}</text>\n", left, y + 12, detail::escape_xml(one.name));
        svg += fmt::format("<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"14\" fill=\"#eeeeee\"/>\n", left, y + 17,
                           length);
        svg += fmt::format("<rect x=\"{}\" y=\"{}\" width=\"{:.1f}\" height=\"14\" fill=\"#1f77b4\"/>\n", left, y + 17,
                           place(one.value));
        if (one.high > one.low)
            svg += fmt::format("<path d=\"M{0:.1f} {2}H{1:.1f}M{0:.1f} {3}V{4}M{1:.1f} {3}V{4}\" stroke=\"#d62728\" "
                               "stroke-width=\"2\"/>\n",
                               left + place(one.low), left + place(one.high), middle, middle - 5, middle + 5);
        svg += fmt::format("<text x=\"{}\" y=\"{}\">{}</text>\n", left + length + 12, y + 28,
                           detail::escape_xml(one.words));
    }
    write_atomically(path, svg + detail::svg_comment(comment) + "</svg>\n");
}

} // namespace walt
