// Curves as an SVG picture: axes with round ticks, a grid, a legend.
#pragma once

#include "atomic_file.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace walt {

struct curve {
    std::string name;
    std::vector<std::pair<double, double>> points; ///< (x, y)
};

namespace detail {

/// The range of one axis and where values lie on it, linear or logarithmic.
struct plot_axis {
    bool logarithmic = false;
    double low = std::numeric_limits<double>::infinity(), high = -low;

    bool shows(double value) const { return std::abs(value) < 1e300 && (!logarithmic || value > 1e-300); }
    void cover(double value) {
        low = std::min(low, value);
        high = std::max(high, value);
    }
    /// Gives a range to what has none, and some room around it.
    void settle(double room) {
        if (low > high) low = high = 1;
        if (scaled(low) == scaled(high)) {
            const double half = std::max(std::abs(low) / 10, 1e-9);
            low = logarithmic ? low / 2 : low - half;
            high = logarithmic ? high * 2 : high + half;
        }
        const double around = room * (scaled(high) - scaled(low));
        low = unscaled(scaled(low) - around);
        high = unscaled(scaled(high) + around);
    }
    /// 0 at the low end, 1 at the high end.
    double place(double value) const { return (scaled(value) - scaled(low)) / (scaled(high) - scaled(low)); }

    /// Round numbers on the axis: 1, 2 or 5 times a power of ten apart, or the powers of ten themselves.
    std::vector<double> ticks() const {
        std::vector<double> list;
        if (logarithmic && high / low > 30) {
            const double decades = std::log10(high / low), every = std::ceil(decades / 8);
            for (double power = std::ceil(std::log10(low) / every) * every; std::pow(10, power) <= high; power += every)
                list.push_back(std::pow(10, power));
            return list;
        }
        const double raw = (high - low) / 6, power = std::pow(10, std::floor(std::log10(raw))), part = raw / power;
        const double step = power * (part < 1.5 ? 1 : part < 3 ? 2 : part < 7 ? 5 : 10), first = std::ceil(low / step);
        for (int i = 0; i < 12 && (first + i) * step <= high; ++i)
            list.push_back((first + i) * step + 0.0); // + 0: no "-0"
        return list;
    }

  private:
    double scaled(double value) const { return logarithmic ? std::log10(value) : value; }
    double unscaled(double value) const { return logarithmic ? std::pow(10, value) : value; }
};

inline std::string escape_xml(const std::string& text) {
    std::string safe;
    for (const char c : text)
        safe += static_cast<unsigned char>(c) < ' ' ? " "
                : c == '&'                          ? "&amp;"
                : c == '<'                          ? "&lt;"
                : c == '>'                          ? "&gt;"
                : c == '"'                          ? "&quot;"
                                                    : std::string(1, c);
    return safe;
}

/// What an SVG says of itself.
inline std::string svg_comment(const std::string& text) {
    return text.empty() ? "" : "<metadata>" + escape_xml(text) + "</metadata>\n";
}

/// Of neighbouring points in one column of pixels only the first, the lowest, the highest and the last: it looks the
/// same, however many there are.
inline std::vector<std::pair<double, double>> thinned(const std::vector<std::pair<double, double>>& points) {
    std::vector<std::pair<double, double>> kept;
    for (auto from = points.begin(); from != points.end();) {
        const auto to = std::find_if(from, points.end(),
                                     [&](const auto& p) { return std::floor(p.first) != std::floor(from->first); });
        const auto [least, most] =
            std::minmax_element(from, to, [](const auto& a, const auto& b) { return a.second < b.second; });
        auto last = points.end();
        for (const auto at : {from, std::min(least, most), std::max(least, most), to - 1})
            if (at != last) kept.push_back(*(last = at));
        from = to;
    }
    return kept;
}

} // namespace detail

/// Writes the curves, axes linear unless told otherwise. Points that are not finite (or not positive on a logarithmic
/// axis) are left out. `comment`: what the file says of itself, how it was made, say.
inline void write_curves(const std::filesystem::path& path, const std::string& title, const std::string& x_label,
                         const std::string& y_label, std::span<const curve> curves, bool log_y = false,
                         bool log_x = false, const std::string& comment = "") {
    constexpr double width = 860, height = 420, left = 74, right = 690, top = 40,
                     bottom = 365; // the legend is right of the axes
    constexpr const char* palette[] = {"#1f77b4", "#d62728", "#2ca02c", "#9467bd",
                                       "#ff7f0e", "#17becf", "#8c564b", "#7f7f7f"};
    detail::plot_axis x{log_x}, y{log_y};
    for (const curve& one : curves)
        for (const auto& [at, value] : one.points)
            if (x.shows(at) && y.shows(value)) x.cover(at), y.cover(value);
    x.settle(0);
    y.settle(0.04);
    const auto across = [&](double value) { return left + x.place(value) * (right - left); };
    const auto up = [&](double value) { return bottom - y.place(value) * (bottom - top); };

    std::string svg;
    const auto line = [&](double x0, double y0, double x1, double y1, const char* stroke) {
        svg += fmt::format("<line x1=\"{:.6g}\" y1=\"{:.6g}\" x2=\"{:.6g}\" y2=\"{:.6g}\" stroke=\"{}\"/>\n", x0, y0,
                           x1, y1, stroke);
    };
    const auto text = [&](double at_x, double at_y, const char* anchor, const std::string& words,
                          const char* more = "") {
        svg += fmt::format("<text x=\"{:.6g}\" y=\"{:.6g}\" text-anchor=\"{}\"{}>{}</text>\n", at_x, at_y, anchor, more,
                           detail::escape_xml(words));
    };
    svg = fmt::format("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" font-family=\"sans-serif\" "
                      "font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n",
                      width, height);
    for (const double tick : x.ticks()) {
        line(across(tick), top, across(tick), bottom, "#e8e8e8");
        text(across(tick), bottom + 18, "middle", fmt::format("{:.6g}", tick));
    }
    for (const double tick : y.ticks()) {
        line(left, up(tick), right, up(tick), "#e8e8e8");
        text(left - 7, up(tick) + 4, "end", fmt::format("{:.6g}", tick));
    }
    line(left, bottom, right, bottom, "#444");
    line(left, top, left, bottom, "#444");
    text((left + right) / 2, 24, "middle", title, " font-size=\"15\"");
    text((left + right) / 2, bottom + 42, "middle", x_label);
    text(-(top + bottom) / 2, 18, "middle", y_label, " transform=\"rotate(-90)\"");
    for (std::size_t i = 0; i < curves.size(); ++i) {
        const char* stroke = palette[i % std::size(palette)];
        std::vector<std::pair<double, double>> points;
        for (const auto& [at, value] : curves[i].points)
            if (x.shows(at) && y.shows(value)) points.emplace_back(across(at), up(value));
        if (points.size() == 1) points.push_back(points.front()); // a dot
        svg += fmt::format("<polyline fill=\"none\" stroke=\"{}\" stroke-width=\"1.6\" stroke-linejoin=\"round\" "
                           "stroke-linecap=\"round\" points=\"",
                           stroke);
        for (const auto& [at, value] : detail::thinned(points))
            svg += fmt::format("{:.6g},{:.6g} ", std::round(at * 10) / 10, std::round(value * 10) / 10);
        svg += "\"/>\n";
        const double row = top + 10 + 18 * static_cast<double>(i);
        line(right + 12, row - 4, right + 34, row - 4, stroke);
        text(right + 40, row, "start", curves[i].name);
    }
    write_atomically(path, svg + detail::svg_comment(comment) + "</svg>\n");
}

} // namespace walt
