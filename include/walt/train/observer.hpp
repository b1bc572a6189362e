// What watches a run. An observer is
//   a callable (trainer&, const step_result&), or
//   an object with on_step(trainer&, const step_result&), or
//   a description with begin(run), which returns such an object: it lives as long as the run, however the run ends.
// on_step and callables return nothing, or walt::go_on or walt::stop. All of these are optional beside or instead of
// it:
//   resume(run)       before the first step, and before any begin: brings back what an earlier run has kept
//   after_step(run)   when all observers have seen the step; returns what on_step may
//   word(run)         before each step, and when all have ended: its word on whether the run goes on, go_on or stop. A
//                     run of which one says stop does no step, and run() says false, be all steps done
//   end(run)          when the run is over and nothing was thrown; all are asked, whatever one of them throws
//   failed(run)       when something was thrown, by an end(run) too, which leaves run() behind it; the trainer is as
//                     before the step that threw, or all observers have seen it
//   each_option(option) names its options, as option structs do (core/range.hpp): they stand in the run's state, and a
//                     run that goes on with others says so
//   each_state(visit) names what belongs to the run's state: visit(name, view<A, dynamic>) for the device's memory,
//                     visit(name, std::int64_t&) and visit(name, double&) for the host's
//   added(), forget() how many micro-batches of a step that is not made wait in it, where a state is not saved; drops
//                     them, where one is read
//   masters_changed() when a state has been read into the masters that each_state named: their copies follow
// Observers are asked in the order in which run() got them.
#pragma once

#include "../core/range.hpp"

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace walt {

/// What came of a step.
struct step_result {
    double loss = 0, gradient_norm = 0, learning_rate = 0;
    bool skipped = false; ///< the loss or the gradient was not finite, and nothing changed
};

/// How long to train, counting what a resumed run has done already.
struct steps {
    std::int64_t count;
};

/// An observer's word on whether the run goes on. All observers see the step in any case.
enum class verdict { go_on, stop };
inline constexpr verdict go_on = verdict::go_on, stop = verdict::stop;

/// A run as its observers see it.
template <class Trainer, class... Observer> class running {
  public:
    running(Trainer& trainer, steps until, Observer&... observer)
        : trainer_(&trainer), until_(until), observers_(observer...) {}

    Trainer& trainer() const { return *trainer_; }
    steps until() const { return until_; }

    /// Names everything that the next step depends on: the trainer's and the observers'.
    template <class Visit> void each_state(Visit&& visit) const {
        trainer_->each_state(visit);
        each([&](auto& observer) {
            if constexpr (requires { observer.each_state(visit); }) observer.each_state(visit);
        });
    }
    /// What is said of the run in its state: the trainer's options and the observers'. An objective that watches its
    /// own run has been asked by its trainer.
    std::string options_said() const {
        std::string text = trainer_->options_said();
        each([&]<class O>(const O& observer) {
            if constexpr (!std::is_same_v<O, std::remove_cvref_t<typename Trainer::objective_type>>)
                text += options_text(observer);
        });
        return text;
    }
    template <class Use> void each(Use&& use) const {
        std::apply([&](auto&... observer) { (use(observer), ...); }, observers_);
    }

  private:
    Trainer* trainer_;
    steps until_;
    std::tuple<Observer&...> observers_;
};

namespace detail {
struct any_state {
    void operator()(std::string_view, auto&&) const {}
};
/// What has something to do while the run runs, itself or as what a begin(run) returned.
template <class O, class Trainer, class Run>
concept watches = std::invocable<O&, Trainer&, const step_result&> || requires(O& o, Trainer& t, const step_result& r) {
    o.on_step(t, r);
} || requires(O& o, Run& run) {
    o.after_step(run);
} || requires(O& o, Run& run) {
    o.word(run);
} || requires(O& o, Run& run) {
    o.end(run);
} || requires(O& o) {
    o.each_state(any_state{});
};
} // namespace detail

/// What trainer.run() takes to watch a run, with at least one of the members above.
template <class O, class Trainer, class Run = running<Trainer, std::remove_reference_t<O>>>
concept observer = detail::watches<O, Trainer, Run> || requires(O& o, Run& run) {
    o.begin(run);
} || requires(O& o, Run& run) {
    o.resume(run);
};

namespace rules {
template <class Observer, class Trainer, class Run> constexpr bool an_observer_watches() {
    constexpr bool holds = observer<Observer, Trainer, Run>;
    static_assert(holds, "an observer is a callable (trainer&, const step_result&), or has on_step, begin, resume, "
                         "after_step, word, end or each_state (train/observer.hpp)");
    return holds;
}
} // namespace rules

namespace detail {

/// What watches: the observer itself, or what its begin(run) returned.
template <class Observer, class Run> decltype(auto) begun(Observer& observer, Run& run) {
    if constexpr (requires { observer.begin(run); }) {
        if constexpr (std::is_void_v<decltype(observer.begin(run))>) {
            observer.begin(run);
            return (observer);
        } else return observer.begin(run);
    } else return (observer);
}

/// One observer while the run runs.
template <class Observer, class Run> class watcher {
  public:
    watcher(Observer& observer, Run& run) : at_(begun(observer, run)) {
        using kept = std::remove_reference_t<decltype(at_)>;
        static_assert(std::is_same_v<kept, Observer> ||
                          watches<kept, std::remove_reference_t<decltype(run.trainer())>, Run>,
                      "what an observer's begin(run) returns watches the run: it is a callable (trainer&, const "
                      "step_result&), or has on_step, after_step, word, end or each_state (train/observer.hpp)");
    }

    verdict on_step(Run& run, const step_result& result) {
        if constexpr (requires { at_.on_step(run.trainer(), result); })
            return as_verdict([&] { return at_.on_step(run.trainer(), result); });
        else if constexpr (std::is_invocable_v<decltype(at_)&, decltype(run.trainer()), const step_result&>)
            return as_verdict([&] { return at_(run.trainer(), result); });
        else return go_on;
    }
    verdict after_step(Run& run) {
        if constexpr (requires { at_.after_step(run); }) return as_verdict([&] { return at_.after_step(run); });
        else return go_on;
    }
    verdict word(Run& run) {
        if constexpr (requires { at_.word(run); }) return at_.word(run);
        else return go_on;
    }
    void end(Run& run) {
        if constexpr (requires { at_.end(run); }) at_.end(run);
    }
    void failed(Run& run) {
        if constexpr (requires { at_.failed(run); }) at_.failed(run);
    }

  private:
    template <class See> static verdict as_verdict(See&& see) {
        if constexpr (std::is_void_v<decltype(see())>) return see(), go_on;
        else return see();
    }
    decltype(begun(std::declval<Observer&>(), std::declval<Run&>())) at_; ///< a reference, or the object itself
};

/// All observers while the run runs; they end in the reverse order of their beginning.
template <class Run, class... Observer> struct watchers {
    explicit watchers(Run&) {}
    void each(auto&&) {}
};
template <class Run, class First, class... Rest> struct watchers<Run, First, Rest...> {
    watchers(Run& run, First& one, Rest&... others) : first(one, run), rest(run, others...) {}
    void each(auto&& use) {
        use(first);
        rest.each(use);
    }
    watcher<First, Run> first;
    watchers<Run, Rest...> rest;
};

} // namespace detail
} // namespace walt
