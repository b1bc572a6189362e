// What a trainer minimises: any object with
//     template <class Model, class A> void operator()(Model&, const Batch&, gradients<A>, philox, view<A, 1> loss)
//     const;
// It writes the loss of a batch to `loss`, which is the device's memory, and adds the loss's gradient to the gradients.
// Its random numbers come from the philox alone. It does not wait for the device. It may have begin_step(), which a
// trainer calls before the first micro-batch of a step.
#pragma once

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
    from(n);
};

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
