// A run's losses as a picture that is redrawn while it runs.
#pragma once

#include "../io/plot.hpp"
#include "observer.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace walt {

/// The losses of a csv_log, averaged over a hundredth of the run: one curve, from the first step to the last.
inline curve losses_of(const std::filesystem::path& log_file) {
    std::ifstream log(log_file);
    std::vector<double> losses;
    for (std::string line; std::getline(log, line);) {
        std::istringstream fields(line);
        double step = 0, loss = 0;
        char comma = 0;
        if (fields >> step >> comma >> loss) losses.push_back(loss);
    }
    curve smooth{"loss", {}};
    const std::size_t width = std::max<std::size_t>(1, losses.size() / 100);
    for (std::size_t i = 0; i + width <= losses.size(); i += width) {
        double sum = 0;
        for (std::size_t j = i; j < i + width; ++j) sum += losses[j];
        smooth.points.emplace_back(static_cast<double>(i + width), sum / static_cast<double>(width));
    }
    return smooth;
}

/// An observer: folder/loss.svg from folder/log.csv, which a csv_log or save_to writes; every so many steps and at the
/// end.
struct plot_every {
    std::int64_t every = 500; ///< steps
    std::filesystem::path folder;
    std::string title;

    void begin(auto&) const { require(every >= 1, "plot_every draws every step or more rarely; every is {}", every); }
    void after_step(auto& run) const {
        if (run.trainer().step_count() % every == 0) draw();
    }
    void end(auto&) const { draw(); }

    void draw() const {
        write_curves((folder / "loss.svg").string(), title, "step", "loss",
                     std::vector<curve>{losses_of(folder / "log.csv")}, true);
    }
};

} // namespace walt
