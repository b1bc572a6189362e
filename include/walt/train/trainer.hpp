// Training is a loop: a batch from a source, a step, and whoever watches. The parts are a model, an objective, an
// optimizer and observers; a user composes them. This header needs the standard library and fmt only.
#pragma once

#include "../core/prefetch.hpp"
#include "../core/range.hpp"
#include "../ops/pointwise.hpp"
#include "adamw.hpp"
#include "learning_rate.hpp"
#include "objective.hpp"
#include "observer.hpp"

#include <cmath>
#include <exception>
#include <string>
#include <type_traits>
#include <vector>

namespace walt {

struct training {
    warmup_cosine rate{};
    only train{};           ///< names of the parameters that are trained, "blocks.*.cross.*"; none: all
    float clip = 1.0f;      ///< global norm of the gradient
    int accumulate = 1;     ///< micro-batches a step
    int give_up_after = 10; ///< steps in a row with a non-finite loss or gradient
    prefetching prefetch{}; ///< how far run()'s source is ahead, and in how many threads; ahead 0: it is not
    walt::seed seed{0};

    void each_option(auto&& option) const {
        rate.each_option(option);
        option("training::clip", clip, ranges::positive);
        option("training::accumulate", accumulate, ranges::count);
        option("training::give_up_after", give_up_after, ranges::count);
    }
    void check() const {
        check_option("training::prefetch.ahead", prefetch.ahead, ranges::not_negative);
        check_option("training::prefetch.threads", prefetch.threads, ranges::count);
    }
};

/// Model: a walt::model. Objective: see objective.hpp. Optimizer: see optimizer.hpp. The same seed and source give the
/// same bits on the same device.
template <class Model, class Objective, class Optimizer = adamw>
requires optimizer<Optimizer, Model>
class trainer {
  public:
    using A = typename Model::master_type;
    using model_type = Model;
    using optimizer_type = Optimizer;
    using objective_type = std::unwrap_reference_t<Objective>; ///< std::ref(goal) is given by whoever keeps the goal

    trainer(Model& model, Objective objective, Optimizer optimizer = {}, training options = {})
        : model_(&model), objective_(std::move(objective)), optimizer_(checked(optimizer)),
          options_(checked(std::move(options))), trained_(model.context(), Model::table(), options_.train),
          state_(optimizer_, model, trained_), gradient_(model.context(), trained_.parameters().extent()),
          squares_(model.context(), 1), scale_(model.context(), 1),
          losses_(model.context(), static_cast<std::size_t>(options_.accumulate)) {
        [[maybe_unused]] constexpr bool fits = detail::fits_model<objective_type, Model>();
        check_options(goal());
    }
    trainer(const trainer&) = delete; // the optimizer's state refers to what is trained
    trainer& operator=(const trainer&) = delete;

    Model& model() const { return *model_; }
    const training& options() const { return options_; }
    const trained_on<typename Model::context_type>& trained() const { return trained_; }
    /// Steps done (skipped ones too), those that changed the weights, and those that did not.
    std::int64_t step_count() const { return step_; }
    std::int64_t updates() const { return updates_; }
    std::int64_t skipped() const { return skipped_; }
    /// The number of the next micro-batch.
    std::int64_t position() const { return position_; }

    /// One step on the micro-batches that `source(n)` makes for n = position(), position() + 1, ... The device does all
    /// of it without the host, which waits only to read what came out. What source or objective throws leaves the
    /// trainer as it was before the step, and so does giving up (training::give_up_after).
    template <class Source> step_result step(Source&& source) {
        if constexpr (rules::a_source_gives_batch_n<Source>()) {
            try {
                for (int i = 0; i < options_.accumulate; ++i) add(source(position_));
            } catch (...) {
                forget(); // no half gradient for the next step
                throw;
            }
            return update();
        } else return {};
    }

    /// The two halves of a step, for whoever has no source: a critic's batches are what a tokenizer has just decoded.
    /// add(batch) adds the gradient of a micro-batch, update() makes the step when training::accumulate have come, and
    /// forget() drops those that have come since the last one.
    template <class Batch> void add(Batch&& batch) {
        if constexpr (detail::fits_batch<objective_type, Model, Batch>()) add_fitting(std::forward<Batch>(batch));
    }
    void forget() {
        auto& of = static_cast<objective_type&>(objective_);
        if constexpr (requires { of.forget(*model_); }) of.forget(*model_);
        ops::fill(model_->context(), gradient_.all(), 0);
        position_ -= added_;
        added_ = 0;
    }
    /// Micro-batches since the last update.
    int added() const { return added_; }
    step_result update() {
        require(added_ == options_.accumulate, "a step has {} micro-batches, and {} came before update()",
                options_.accumulate, added_);
        try {
            return take_step();
        } catch (...) {
            forget();
            throw;
        }
    }

    /// Trains until step `until`; true: it came there, false: an observer said stop, so that nothing that needs a
    /// whole training may follow. `source` runs ahead in threads of its own (training::prefetch), so it must not use
    /// the model's context. What source, objective or an observer throws leaves by here when all observers have seen
    /// the steps done and have been told (failed). Observers: see observer.hpp.
    template <class Source, class... Observer>
    [[nodiscard]] bool run(Source&& source, steps until, Observer&&... watching) {
        if constexpr (can_run<Source, Observer...>()) return run_fitting(source, until, watching...);
        else return false; // a sentence was said
    }

    /// The options of what the trainer is made of: the objective's, the optimizer's, its own.
    void each_option(auto&& option) const {
        each_option_of(goal(), option);
        each_option_of(optimizer_, option);
        options_.each_option(option);
    }
    /// These, and before them the batches' of its last run: a line an option.
    std::string options_said() const { return source_options_ + options_text(*this); }
    /// Names all that the next step depends on: visit(name, view<A, dynamic>) and visit(name, std::int64_t&).
    template <class Visit> void each_state(Visit&& visit) {
        visit("step", step_);
        visit("updates", updates_);
        visit("position", position_);
        visit("skipped", skipped_);
        visit("skipped_in_a_row", in_a_row_);
        visit("masters", model_->masters());
        state_.each_state(visit);
    }
    /// To be called when the masters were changed from outside: their copies follow.
    void masters_changed() { ops::convert(model_->context(), model_->masters(), model_->copies()); }

  private:
    const objective_type& goal() const { return objective_; }
    template <class Batch> void add_fitting(Batch&& batch) {
        require(added_ < options_.accumulate, "a step has {} micro-batches, and another came without update()",
                options_.accumulate);
        auto& of = static_cast<objective_type&>(objective_);
        if constexpr (requires { of.begin_step(); })
            if (added_ == 0) of.begin_step();
        objective_(*model_, std::forward<Batch>(batch),
                   gradients<A>{gradient_.data(), trained_.parameters().places(), 0, trained_.parameters().choice()},
                   philox{options_.seed.value, static_cast<std::uint64_t>(position_)},
                   view<A, 1>(losses_.data() + added_));
        ++position_;
        ++added_;
    }
    template <class Source, class... Observer> static constexpr bool can_run() {
        using run_of = running<trainer, std::remove_reference_t<Observer>...>;
        if constexpr (!rules::a_source_gives_batch_n<Source>()) return false;
        else if constexpr (!detail::fits_batch<objective_type, Model,
                                               decltype(std::declval<Source&>()(std::int64_t{}))>())
            return false;
        else return (rules::an_observer_watches<Observer, trainer, run_of>() && ...);
    }
    template <class Source, class... Observer> bool run_fitting(Source& source, steps until, Observer&... watching) {
        using run_of = running<trainer, Observer...>;
        check_option("steps::count", until.count, ranges::not_negative);
        source_options_ = options_text(source);
        run_of all(*this, until, watching...);
        all.each([&](auto& one) {
            if constexpr (requires { one.resume(all); }) one.resume(all);
        });
        detail::watchers<decltype(all), std::remove_reference_t<Observer>...> watchers(all, watching...);
        const auto loop = [&](auto&& next) {
            verdict word = go_on;
            std::exception_ptr problem;
            const auto guarded = [&](auto&& work) {
                try {
                    work();
                } catch (...) {
                    if (!problem) problem = std::current_exception();
                }
            };
            const auto ask_all = [&](auto&& ask) { // all of them, whatever one throws: the run's state is of one step
                watchers.each([&](auto& one) {
                    guarded([&] {
                        if (ask(one) == walt::stop) word = walt::stop;
                    });
                });
            };
            const auto goes_on = [&] {
                if (word == go_on && !problem) ask_all([&](auto& one) { return one.word(all); });
                return word == go_on && !problem;
            };
            while (goes_on() && step_ < until.count) {
                step_result result;
                guarded([&] { result = step(next); });
                if (problem) break;
                ask_all([&](auto& one) { return one.on_step(all, result); });
                ask_all([&](auto& one) { return one.after_step(all); });
            }
            if (!problem) watchers.each([&](auto& one) { guarded([&] { one.end(all); }); });
            goes_on(); // a signal may have come while they ended
            if (problem) {
                watchers.each([&](auto& one) { guarded([&] { one.failed(all); }); });
                std::rethrow_exception(problem);
            }
            return word == go_on;
        };
        if (options_.prefetch.ahead == 0 || step_ >= until.count) return loop(source);
        prefetching how = options_.prefetch;
        how.first = position_;
        prefetch<std::decay_t<decltype(source(std::int64_t{0}))>> batches([&](std::int64_t n) { return source(n); },
                                                                          how);
        return loop([&](std::int64_t) { return batches.next(); });
    }
    /// What the micro-batches make of the weights. update() drops them where it throws.
    step_result take_step() {
        auto& ctx = model_->context();
        const view<double, 1> squares(squares_.data());
        const view<A, 1> scale(scale_.data());
        ops::sum_of_squares(ctx, gradient_.all(), squares);
        ops::gradient_scale(ctx, gradient_mean{static_cast<double>(options_.clip), options_.accumulate}, squares.read(),
                            losses_.all().read(), scale);
        step_result result;
        result.learning_rate = static_cast<double>(optimizer_.learning_rate) * options_.rate.share(step_);
        state_.step({result.learning_rate, updates_}, *model_, gradient_.all(), scale.read());

        double sum = 0;
        std::vector<A> losses(losses_.size());
        ctx.download(&sum, squares.data(), sizeof sum);
        ctx.download(losses.data(), losses_.data(), losses.size() * sizeof(A));
        for (const A loss : losses) result.loss += static_cast<double>(loss) / options_.accumulate;
        result.gradient_norm = std::sqrt(sum) / options_.accumulate;
        result.skipped = !std::isfinite(result.loss) || !std::isfinite(result.gradient_norm);
        if (result.skipped) skip(result);
        else ++updates_, in_a_row_ = 0;
        ++step_;
        added_ = 0;
        return result;
    }
    /// The step that is one too many is not counted: whoever keeps the run's state keeps that of before it.
    void skip(const step_result& result) {
        const std::string culprit = std::isfinite(result.loss) ? first_not_finite() : "the loss";
        require(in_a_row_ + 1 < options_.give_up_after,
                "training stops: {} steps in a row had a loss or gradient that is not finite; in step {} it was {} "
                "(loss {})",
                in_a_row_ + 1, step_ + 1, culprit, result.loss);
        ops::fill(model_->context(), gradient_.all(), 0);
        ++skipped_;
        ++in_a_row_;
    }

    std::string first_not_finite() const {
        std::vector<A> host;
        for (const trained_row& of : trained_.parameters().rows()) {
            host.resize(of.row->size);
            model_->context().download(host.data(), gradient_.data() + of.offset, host.size() * sizeof(A));
            for (const A one : host)
                if (!std::isfinite(one)) return "the gradient of " + of.row->name;
        }
        return "the sum of the gradients' squares";
    }

    Model* model_;
    Objective objective_;
    Optimizer optimizer_;
    training options_;
    trained_on<typename Model::context_type> trained_;
    typename Optimizer::template state<Model> state_;
    buffer<A> gradient_;
    buffer<double> squares_; ///< of the gradient
    buffer<A> scale_;        ///< of the gradient
    buffer<A> losses_;       ///< of the step's micro-batches
    std::int64_t step_ = 0, updates_ = 0, position_ = 0, skipped_ = 0, in_a_row_ = 0;
    int added_ = 0;
    std::string source_options_;
};

} // namespace walt
