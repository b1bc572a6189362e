// v-prediction (Salimans and Ho; spec 2): the network predicts v = sqrt(gamma) eps - sqrt(1 - gamma) x0, from which x0
// and eps follow without a division, also where gamma is 0. (The paper prints the roles of x0 and eps the other way
// round, which at gamma = 0 says nothing about x0.)
#pragma once

#include "../core/buffer.hpp"
#include "../ops/diffusion.hpp"
#include "../ops/pointwise.hpp"
#include "schedule.hpp"

namespace walt {

/// sqrt(gamma), sqrt(1 - gamma) and its negative for each of the levels: [1000] (A), in the context's arena.
template <class A> struct noise_tables {
    view<A, dynamic> signal, noise, minus_noise;

    template <class Context> noise_tables(Context& ctx, const noise_schedule& schedule) {
        std::vector<A> negative = schedule.noise<A>();
        signal = to_device<A>(ctx, schedule.signal<A>());
        noise = to_device<A>(ctx, negative);
        for (A& value : negative) value = -value;
        minus_noise = to_device<A>(ctx, negative);
    }
};

/// The same of every frame's step: [B F] each (A).
template <class A> struct v_prediction {
    view<A, dynamic> signal, noise, minus_noise;

    /// Looks the frames' steps up; the views come from the context's arena.
    template <class Context, class Step> v_prediction(Context& ctx, const noise_tables<A>& tables, Step step) {
        const auto of = [&](view<A, dynamic> table) {
            const auto out = ctx.arena.template take<A, dynamic>(step.extent(0));
            ops::lookup(ctx, table, step, out);
            return out;
        };
        signal = of(tables.signal);
        noise = of(tables.noise);
        minus_noise = of(tables.minus_noise);
    }
    template <class Context, class Step>
    v_prediction(Context& ctx, const noise_schedule& schedule, Step step)
        : v_prediction(ctx, noise_tables<A>(ctx, schedule), step) {}

    /// x_t = sqrt(gamma) x0 + sqrt(1 - gamma) eps
    void noisy(auto& ctx, auto x0, auto eps, auto x_t) const { ops::frame_blend(ctx, signal, x0, noise, eps, x_t); }
    /// v = sqrt(gamma) eps - sqrt(1 - gamma) x0
    void target(auto& ctx, auto x0, auto eps, auto v) const { ops::frame_blend(ctx, signal, eps, minus_noise, x0, v); }
    /// x0 = sqrt(gamma) x_t - sqrt(1 - gamma) v
    void x0_of(auto& ctx, auto x_t, auto v, auto x0) const { ops::frame_blend(ctx, signal, x_t, minus_noise, v, x0); }
    /// eps = sqrt(1 - gamma) x_t + sqrt(gamma) v
    void eps_of(auto& ctx, auto x_t, auto v, auto eps) const { ops::frame_blend(ctx, noise, x_t, signal, v, eps); }
};

} // namespace walt
