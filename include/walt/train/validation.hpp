// What a run looks at beside its own loss, every so many steps.
#pragma once

#include "../core/error.hpp"
#include "../core/range.hpp"
#include "observer.hpp"

#include <type_traits>
#include <utility>
#include <vector>

namespace walt {

/// An observer: every so many steps and at the end it measures, when all others have seen the step.
///     walt::validation losses(500, [&] { return walt::held_out_loss(average.model(), held_out, 8); });
/// What measure() returned is in found(), with its step.
template <class Measure> class validation {
  public:
    struct entry {
        std::int64_t step;
        std::invoke_result_t<Measure&> value;
    };

    validation(std::int64_t every, Measure measure) : every_(every), measure_(std::move(measure)) {
        check_option("validation::every", every, ranges::count);
    }
    const std::vector<entry>& found() const { return found_; }

    void after_step(auto& run) {
        if (run.trainer().step_count() % every_ == 0) look(run);
    }
    void end(auto& run) {
        if (found_.empty() || found_.back().step != run.trainer().step_count()) look(run);
    }

  private:
    void look(auto& run) { found_.push_back({run.trainer().step_count(), measure_()}); }

    std::int64_t every_;
    Measure measure_;
    std::vector<entry> found_;
};

} // namespace walt
