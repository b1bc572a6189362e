// The conditioning vector (spec 1.4): codes of the diffusion step through a small MLP, plus a label's row.
#pragma once

#include "../ops/embedding.hpp"
#include "../ops/pointwise.hpp"
#include "linear.hpp"

namespace walt::nn {

/// linear.2(SiLU(linear.0(sin256(step)))), added to e. Normal(0, 0.02) weights (spec 1.7).
template <int D> struct step_embedding {
    static constexpr int code_size = 256;
    linear<code_size, D, init::normal> first;
    linear<D, D, init::normal> second;

    static constexpr void each(auto& self, auto&& visit) {
        visit("0", self.first);
        visit("2", self.second);
    }

    template <class T> struct saved {
        view<T, dynamic, code_size> code;
        view<T, dynamic, D> inner, active;
        saved(arena& from, std::int64_t rows)
            : code(from.take<T, dynamic, code_size>(rows)), inner(from.take<T, dynamic, D>(rows)),
              active(from.take<T, dynamic, D>(rows)) {}
    };

    /// e [rows, D] (A) is assigned; row r has step[r / repeat].
    template <class T>
    void forward(auto& ctx, const weights<T>& w, auto step, int repeat, auto e, const saved<T>& keep) const {
        ops::sinusoid(ctx, step, repeat, keep.code);
        first.forward(ctx, w, keep.code, keep.inner);
        ops::activate<activation::silu>(ctx, keep.inner, keep.active);
        second.forward(ctx, w, keep.active, e);
    }

    template <class T>
    void backward(auto& ctx, const weights<T>& w, const saved<T>& keep, auto de, const auto& g) const {
        const arena::scope scope(ctx.arena);
        const auto dinner = ctx.arena.template take<T, dynamic, D>(de.extent(0));
        second.backward_parameters(ctx, keep.active, de, g);
        second.backward_input(ctx, w, de, dinner);
        ops::activate_grad<activation::silu>(ctx, keep.inner, dinner, dinner);
        first.backward_parameters(ctx, keep.code, dinner, g);
    }
};

} // namespace walt::nn
