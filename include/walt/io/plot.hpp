// Curves as an SVG picture: axes with round ticks, a grid, a legend.
#pragma once

#include "atomic_file.hpp"

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>
#include <vector>

namespace walt {

struct curve {
    std::string name;
    std::vector<std::pair<double, double>> points;
};

namespace detail {
/// Round numbers inside [low, high], about `count` of them.
inline std::vector<double> round_ticks(double low, double high, int count) {
    const double raw = (high - low) / count, power = std::pow(10.0, std::floor(std::log10(raw))), part = raw / power;
    const double step = power * (part < 1.5 ? 1 : part < 3.5 ? 2 : part < 7.5 ? 5 : 10);
    std::vector<double> ticks;
    for (double at = std::ceil(low / step - 1e-9) * step; at <= high + step * 1e-9; at += step) ticks.push_back(std::abs(at) < step * 1e-9 ? 0.0 : at);
    return ticks;
}
inline std::string escape_xml(const std::string& text) {
    std::string safe;
    for (const char c : text) safe += c == '&' ? "&amp;" : c == '<' ? "&lt;" : c == '>' ? "&gt;" : std::string(1, c);
    return safe;
}
} // namespace detail

/// Writes the curves; points that are not finite (or not positive on a logarithmic axis) are left out.
inline void write_curves(const std::filesystem::path& path, const std::string& title, const std::string& x_label, const std::string& y_label,
                         std::span<const curve> curves, bool log_y = false) {
    constexpr double width = 720, height = 420, left = 70, right = 20, top = 40, bottom = 55;
    const auto y_of = [&](double y) { return log_y ? std::log10(y) : y; };
    const auto shown = [&](const std::pair<double, double>& p) { return std::isfinite(p.first) && std::isfinite(p.second) && (!log_y || p.second > 0); };
    double x0 = 1e300, x1 = -1e300, y0 = 1e300, y1 = -1e300;
    for (const curve& one : curves)
        for (const auto& p : one.points)
            if (shown(p)) {
                x0 = std::min(x0, p.first), x1 = std::max(x1, p.first);
                y0 = std::min(y0, y_of(p.second)), y1 = std::max(y1, y_of(p.second));
            }
    if (x0 > x1) x0 = y0 = 0, x1 = y1 = 1;
    if (x1 == x0) x1 = x0 + 1;
    if (y1 == y0) y1 = y0 + 1;
    const double margin = 0.04 * (y1 - y0);
    y0 -= margin, y1 += margin;
    const auto px = [&](double x) { return left + (x - x0) / (x1 - x0) * (width - left - right); };
    const auto py = [&](double y) { return height - bottom - (y - y0) / (y1 - y0) * (height - top - bottom); };

    std::string svg = sentence("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 ", width, " ", height, "\" font-family=\"sans-serif\" font-size=\"12\">\n",
                               "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n<text x=\"", width / 2, "\" y=\"22\" text-anchor=\"middle\" font-size=\"15\">",
                               detail::escape_xml(title), "</text>\n");
    for (const double x : detail::round_ticks(x0, x1, 8))
        svg += sentence("<line x1=\"", px(x), "\" x2=\"", px(x), "\" y1=\"", top, "\" y2=\"", height - bottom, "\" stroke=\"#eee\"/><text x=\"", px(x), "\" y=\"",
                        height - bottom + 16, "\" text-anchor=\"middle\">", x, "</text>\n");
    for (const double y : detail::round_ticks(y0, y1, 6))
        svg += sentence("<line x1=\"", left, "\" x2=\"", width - right, "\" y1=\"", py(y), "\" y2=\"", py(y), "\" stroke=\"#eee\"/><text x=\"", left - 6, "\" y=\"",
                        py(y) + 4, "\" text-anchor=\"end\">", log_y ? std::pow(10.0, y) : y, "</text>\n");
    svg += sentence("<text x=\"", width / 2, "\" y=\"", height - 14, "\" text-anchor=\"middle\">", detail::escape_xml(x_label), "</text>\n<text transform=\"translate(16,",
                    height / 2, ") rotate(-90)\" text-anchor=\"middle\">", detail::escape_xml(y_label), "</text>\n");
    constexpr const char* colours[] = {"#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e", "#17becf"};
    for (std::size_t i = 0; i < curves.size(); ++i) {
        const char* colour = colours[i % std::size(colours)];
        svg += sentence("<polyline fill=\"none\" stroke=\"", colour, "\" stroke-width=\"1.6\" points=\"");
        for (const auto& p : curves[i].points)
            if (shown(p)) svg += sentence(px(p.first), ",", py(y_of(p.second)), " ");
        const double y = top + 14 + 17 * static_cast<double>(i);
        svg += sentence("\"/>\n<line x1=\"", width - right - 150, "\" x2=\"", width - right - 125, "\" y1=\"", y - 4, "\" y2=\"", y - 4, "\" stroke=\"", colour,
                        "\" stroke-width=\"2\"/><text x=\"", width - right - 120, "\" y=\"", y, "\">", detail::escape_xml(curves[i].name), "</text>\n");
    }
    write_atomically(path, svg + "</svg>\n");
}

} // namespace walt
