// What a trainer minimises: any object with
//     template <class Model, class A> void operator()(Model&, const Batch&, gradients<A>, philox, view<A, 1> loss)
//     const;
// It writes the loss of a batch to `loss`, which is the device's memory, and adds the loss's gradient to the gradients.
// Its random numbers come from the philox alone. It does not wait for the device. It may have begin_step(), which a
// trainer calls before the first micro-batch of a step, and forget(model), when it drops those that have come of one
// that is not made. Where its operator() takes any model, it says which it means, and where that is a template, which
// batch, so that a wrong one is a sentence (both are optional):
//     using of_config = denoiser_config; // the base of the config of the models that it trains (config/base.hpp)
//     using batch_type = latents;
#pragma once

#include "../config/base.hpp"
#include "../config/description.hpp"
#include "../core/model.hpp"

namespace walt {

/// An objective of a model and batches of this type.
template <class O, class Model, class Batch>
concept objective = requires(O& of, Model& model, philox random, gradients<typename Model::master_type> g,
                             view<typename Model::master_type, 1> loss) {
    of(model, std::declval<Batch>(), g, random, loss);
};

/// Where batches come from: batch n as a function of n.
template <class S>
concept batch_source = requires(S& from, std::int64_t n) {
    requires !std::is_void_v<decltype(from(n))>;
};

namespace rules {

template <class Source> constexpr bool a_source_gives_batch_n() {
    constexpr bool holds = batch_source<Source>;
    static_assert(holds, "a source of batches is called with the number of a batch, source(std::int64_t n), and gives "
                         "that batch: walt::batches, walt::latent_cache, or a callable of yours");
    return holds;
}
template <class Objective, class Trains, class Base> constexpr bool an_objective_is_of_the_models_network() {
    constexpr bool holds = std::is_same_v<Trains, Base>;
    static_assert(holds, "an objective trains models of its own network: walt::denoising a walt::denoiser, "
                         "walt::reconstruction and walt::tokenizing a walt::tokenizer, others the network that their "
                         "of_config names; this model is another");
    return holds;
}
template <class Objective, class Takes, class Given> constexpr bool a_batch_is_of_the_objectives_kind() {
    constexpr bool holds = std::is_convertible_v<Given, const Takes&>;
    static_assert(holds, "a source gives the batches that the objective takes: walt::latents (of a walt::latent_cache, "
                         "or of a tokenizer's encode) to walt::denoising, walt::clips (of walt::batches) to "
                         "walt::reconstruction and walt::tokenizing; these batches are others");
    return holds;
}
template <class Objective, class Model, class Batch> constexpr bool an_objective_is_called_with_a_batch() {
    constexpr bool holds = objective<Objective, Model, Batch>;
    static_assert(holds, "an objective is called as objective(model, batch, gradients, philox, loss) with the source's "
                         "batches (train/objective.hpp)");
    return holds;
}

} // namespace rules

namespace detail {
template <class Objective, class Model> constexpr bool fits_model() {
    if constexpr (requires { typename Objective::of_config; })
        return rules::an_objective_is_of_the_models_network<Objective, typename Objective::of_config,
                                                            config_base<description<Model>>>();
    else return true;
}
template <class Objective, class Batch> constexpr bool takes_batch() {
    if constexpr (requires { typename Objective::batch_type; })
        return rules::a_batch_is_of_the_objectives_kind<Objective, typename Objective::batch_type, Batch>();
    else return true;
}
template <class Objective, class Model, class Batch> constexpr bool fits_batch() {
    if constexpr (!fits_model<Objective, Model>()) return false;
    else if constexpr (!takes_batch<Objective, Batch>()) return false;
    else return rules::an_objective_is_called_with_a_batch<Objective, Model, Batch>();
}
} // namespace detail

/// The loss of a batch as a number of the host, for code that is no trainer: waits for the device.
template <class Objective, class Model, class Batch, class A>
double loss_of(const Objective& objective, Model& model, const Batch& batch, gradients<A> g, philox random) {
    auto& ctx = model.context();
    const arena::scope scope(ctx.arena);
    const auto loss = ctx.arena.template take<A, 1>();
    objective(model, batch, g, random, loss);
    A value = 0;
    ctx.download(&value, loss.data(), sizeof value);
    return static_cast<double>(value);
}

} // namespace walt
