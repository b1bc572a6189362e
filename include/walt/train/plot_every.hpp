// A run's losses as a picture that is redrawn while it runs.
#pragma once

#include "../core/range.hpp"
#include "../io/plot.hpp"
#include "../io/text_lines.hpp"
#include "observer.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace walt {

namespace detail {
inline std::vector<std::string> fields_of(const std::string& line) {
    std::vector<std::string> fields(1);
    for (const char c : line)
        if (c == ',') fields.emplace_back();
        else fields.back() += c;
    return fields;
}
/// Whole and in the C locale, whatever the program's is.
inline bool read_number(const std::string& text, double& value) {
    const char* end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, value);
    return read.ec == std::errc{} && read.ptr == end;
}
} // namespace detail

/// A column of a run's table (csv_log, terms_log), averaged over a hundredth of the run, against the steps.
inline curve curve_of(const std::filesystem::path& table, const std::string& column) {
    const std::vector<text_line> lines = text_lines(table);
    const std::string head = lines.empty() ? "" : lines[0].text;
    const auto names = detail::fields_of(head);
    const auto place = static_cast<std::size_t>(std::find(names.begin(), names.end(), column) - names.begin());
    require(place < names.size(), "{} has no column '{}'; it has {}", table.string(), column, head);
    std::vector<std::pair<double, double>> points; // (step, value)
    for (const text_line& line : lines) {
        const auto fields = detail::fields_of(line.text);
        double step = 0, value = 0;
        if (fields.size() == names.size() && detail::read_number(fields[0], step) &&
            detail::read_number(fields[place], value))
            points.emplace_back(step, value);
    }
    curve smooth{column, {}};
    const std::size_t width = std::max<std::size_t>(1, points.size() / 100);
    for (std::size_t i = 0; i + width <= points.size(); i += width) {
        double sum = 0;
        for (std::size_t j = i; j < i + width; ++j) sum += points[j].second;
        smooth.points.emplace_back(points[i + width - 1].first, sum / static_cast<double>(width));
    }
    return smooth;
}

/// An observer: folder/loss.svg from folder/log.csv, which a csv_log or save_to writes; every so many steps and at the
/// end.
struct plot_every {
    std::int64_t every = 500; ///< steps
    std::filesystem::path folder;
    std::string title;

    void begin(auto&) const { check_option("plot_every::every", every, ranges::count); }
    void after_step(auto& run) const {
        if (run.trainer().step_count() % every == 0) end(run);
    }
    void end(auto& run) const { draw(fmt::format("seed {}", run.trainer().options().seed.value)); }

    /// `made`: what the picture says of itself.
    void draw(const std::string& made = "") const {
        write_curves((folder / "loss.svg").string(), title, "step", "loss",
                     std::vector<curve>{curve_of(folder / "log.csv", "loss")}, true, false, made);
    }
};

} // namespace walt
