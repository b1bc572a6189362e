// What a run samples, and how good it is, every so many steps.
#pragma once

#include "../core/range.hpp"
#include "../data/videos.hpp"
#include "../io/folders.hpp"
#include "../io/gif.hpp"
#include "../measures/named_numbers.hpp"
#include "observer.hpp"

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace walt {

/// A log of samples alone: folder/<name>_<step>.gif, which says in its comment what `made` says of it.
struct sample_folder {
    std::filesystem::path folder;
    std::string made = "";

    void videos(std::int64_t step, const std::string& name, std::span<const video> of) const {
        make_folder(folder);
        write_gif(folder / fmt::format("{}_{:07}.gif", name, step), tile(of, 4), 8, made);
    }
};

/// An observer: every so many steps and at the end, when all others have seen the step, it samples clips, measures
/// them, and gives both to its logs:
///     walt::evaluate_every{1000, [&] { return sampled clips; },
///                          [&](const walt::clips& made) { return walt::named_numbers{{"Frechet (..)", ..}}; },
///                          board, lines, walt::sample_folder{"run/samples"}}
/// A log has numbers(step, named_numbers), or videos(step, name, std::span<const video>) for the first of the clips, or
/// both, as json_log, tensorboard_log and sample_folder do. Logs given by name are referred to, others kept. Those that
/// observe the run themselves stand before it, or behind it, among the run's observers.
template <class Sample, class Measure, class... Log> class evaluate_every {
  public:
    evaluate_every(std::int64_t every, Sample sample, Measure measure, Log... logs)
        : every_(every), sample_(std::move(sample)), measure_(std::move(measure)), logs_(std::forward<Log>(logs)...) {
        check_option("evaluate_every::every", every, ranges::count);
    }
    std::int64_t shown = 8; ///< clips that logs of videos get

    void after_step(auto& run) {
        if (run.trainer().step_count() % every_ == 0) look(run.trainer().step_count());
    }
    void end(auto& run) {
        if (run.trainer().step_count() != last_) look(run.trainer().step_count());
    }
    void begin(auto& run) { last_ = run.trainer().step_count(); }

  private:
    void look(std::int64_t step) {
        const clips made = sample_();
        const named_numbers found = measure_(std::as_const(made));
        std::vector<video> some = to_videos(made);
        some.resize(std::min(some.size(), static_cast<std::size_t>(std::max(shown, std::int64_t{1}))));
        const auto tell = [&](auto& log) {
            static_assert(
                requires { log.numbers(step, found); } || requires { log.videos(step, "samples", some); },
                "a log of evaluate_every has numbers(step, named_numbers) or videos(step, name, "
                "std::span<const video>) (train/evaluate_every.hpp)");
            if constexpr (requires { log.numbers(step, found); }) log.numbers(step, found);
            if constexpr (requires { log.videos(step, "samples", some); }) log.videos(step, "samples", some);
        };
        std::apply([&](auto&... log) { (tell(log), ...); }, logs_);
        last_ = step;
    }

    std::int64_t every_, last_ = -1;
    Sample sample_;
    Measure measure_;
    std::tuple<Log...> logs_;
};
template <class Sample, class Measure, class... Log>
evaluate_every(std::int64_t, Sample, Measure, Log&&...) -> evaluate_every<Sample, Measure, Log...>;

} // namespace walt
