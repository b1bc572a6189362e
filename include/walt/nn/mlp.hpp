// The MLP of a block: fc2(GELU(fc1(u))) (docs/model.md 1.5).
#pragma once

#include "../ops/pointwise.hpp"
#include "linear.hpp"

namespace walt::nn {

template <int D, int Hidden> struct mlp {
    linear<D, Hidden> fc1;
    linear<Hidden, D> fc2;

    static constexpr void each(auto& self, auto&& visit) {
        visit("fc1", self.fc1);
        visit("fc2", self.fc2);
    }

    template <class T> struct saved {
        view<T, dynamic, Hidden> inner, active; // fc1(u), before and after GELU
        saved(arena& from, std::int64_t rows) : saved(from, rows, from.take<T, dynamic, Hidden>(rows)) {}
        /// `active` is read by fc2's weight gradient only: who wants none may have one for many.
        saved(arena& from, std::int64_t rows, view<T, dynamic, Hidden> shared)
            : inner(from.take<T, dynamic, Hidden>(rows)), active(shared) {}
    };

    template <class T> void forward(auto& ctx, const weights<T>& w, auto u, auto y, const saved<T>& keep) const {
        ops::linear_activate<activation::gelu>(ctx, u, w(fc1.weight), w.exact(fc1.bias), keep.inner, keep.active);
        fc2.forward(ctx, w, keep.active, y);
    }

    template <class T>
    void backward(auto& ctx, const weights<T>& w, auto u, const saved<T>& keep, auto dy, auto du, const auto& g) const {
        const arena::scope scope(ctx.arena);
        const auto dinner = ctx.arena.template take<T, dynamic, Hidden>(u.extent(0));
        fc2.backward_parameters(ctx, keep.active, dy, g);
        ops::linear_grad_activated_input<activation::gelu>(ctx, dy, w(fc2.weight), keep.inner, dinner);
        fc1.backward_parameters(ctx, u, dinner, g);
        fc1.backward_input(ctx, w, dinner, du);
    }
};

} // namespace walt::nn
