// Parts of the conditioning vector (docs/model.md 1.4): the diffusion step, and real numbers, each through a small MLP.
#pragma once

#include "../ops/embedding.hpp"
#include "../ops/latent_statistics.hpp"
#include "../ops/pointwise.hpp"
#include "linear.hpp"

namespace walt::nn {

/// linear.2(SiLU(linear.0(x))), x [rows, In] (T). Normal(0, 0.02) weights (docs/model.md 1.7).
template <int In, int D> struct embedding_mlp {
    linear<In, D, init::normal> first;
    linear<D, D, init::normal> second;

    static constexpr void each(auto& self, auto&& visit) {
        visit("0", self.first);
        visit("2", self.second);
    }

    template <class T> struct saved {
        view<T, dynamic, In> x;
        view<T, dynamic, D> inner, active;
        saved(arena& from, std::int64_t rows)
            : x(from.take<T, dynamic, In>(rows)), inner(from.take<T, dynamic, D>(rows)),
              active(from.take<T, dynamic, D>(rows)) {}
    };

    /// e [rows, D] (A) = the MLP of keep.x.
    template <class T> void forward(auto& ctx, const weights<T>& w, auto e, const saved<T>& keep) const {
        first.forward(ctx, w, keep.x, keep.inner);
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
        first.backward_parameters(ctx, keep.x, dinner, g);
    }
};

/// The MLP of sin256(step).
template <int D> struct step_embedding : embedding_mlp<256, D> {
    using mlp = embedding_mlp<256, D>;
    template <class T> using saved = typename mlp::template saved<T>;

    /// e [rows, D] (A) is assigned; row r has step[r / rows_a_step].
    template <class T>
    void forward(auto& ctx, const weights<T>& w, auto step, int rows_a_step, auto e, const saved<T>& keep) const {
        ops::sinusoid(ctx, step, rows_a_step, keep.x);
        mlp::forward(ctx, w, e, keep);
    }
};

/// N real numbers a frame: the MLP of (x - mean) / std where they are known, a vector of its own where they are not.
/// Its parts have names of their own beside the step's: `numbers`, `numbers_embed`, `numbers_null`.
template <int N, int D> struct numbers_embedding {
    struct statistics { // of the data
        statistic<init::zero, N> mean;
        statistic<init::one, N> deviation;
        static constexpr void each(auto& self, auto&& visit) {
            visit("mean", self.mean);
            visit("std", self.deviation);
        }
    };
    statistics numbers;
    embedding_mlp<N, D> embed;
    parameter<role::embedding, init::normal, D> null;

    static constexpr void each(auto& self, auto&& visit) {
        visit("numbers", self.numbers);
        visit("numbers_embed", self.embed);
        visit("numbers_null", self.null);
    }

    template <class T> using saved = typename embedding_mlp<N, D>::template saved<T>;

    /// e [rows, D] (A) is assigned; x [rows, N] (A), valid [rows].
    template <class T>
    void forward(auto& ctx, const weights<T>& w, auto x, auto valid, auto e, const saved<T>& keep) const {
        using A = accumulate_t<T>;
        const arena::scope scope(ctx.arena);
        const std::int64_t rows = x.extent(0);
        const auto normalised = ctx.arena.template take<A, dynamic, dynamic, dynamic, dynamic, N>(rows, 1, 1, 1);
        ops::normalise(ctx, x.template as<dynamic, dynamic, dynamic, dynamic, N>(rows, 1, 1, 1), w.exact(numbers.mean),
                       w.exact(numbers.deviation), normalised);
        ops::convert(ctx, normalised, keep.x);
        embed.forward(ctx, w, e, keep);
        ops::valid_rows(ctx, e, valid, w.exact(null), e);
    }

    /// de [rows, D] (A).
    template <class T>
    void backward(auto& ctx, const weights<T>& w, auto valid, const saved<T>& keep, auto de, const auto& g) const {
        const arena::scope scope(ctx.arena);
        const auto dembedded = ctx.arena.template take<T, dynamic, D>(de.extent(0));
        ops::valid_rows_grad(ctx, de, valid, dembedded, g(null));
        embed.backward(ctx, w, keep, dembedded, g);
    }
};

} // namespace walt::nn
