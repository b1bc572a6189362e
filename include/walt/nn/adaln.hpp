// Adaptive layer-norm vectors (paper sec. 4.3, eq. 3; docs/model.md 1.4): from the conditioning vector s, K vectors of
// width D for every layer, either of its own (AdaLN) or as a shared base plus a low-rank part (AdaLN-LoRA).
//   s [B F, D] (T)    base, modulation [B F, K D] (A)
#pragma once

#include "../ops/pointwise.hpp"
#include "linear.hpp"

namespace walt::nn {

/// AdaLN-LoRA of one layer: modulation = base + up(down(s)).
template <int D, int K, int Rank> struct adaln_lora {
    projection<D, Rank, init::truncated_fan_in> down;
    projection<Rank, K * D, init::zero> up;

    static constexpr void each(auto& self, auto&& visit) {
        visit("down", self.down);
        visit("up", self.up);
    }

    template <class T> struct saved {
        view<T, dynamic, Rank> low; // down(s)
        saved(arena& from, std::int64_t rows) : low(from.take<T, dynamic, Rank>(rows)) {}
    };

    template <class T>
    void forward(auto& ctx, const weights<T>& w, auto s, auto base, auto modulation, const saved<T>& keep) const {
        down.forward(ctx, w, s, keep.low);
        up.forward(ctx, w, keep.low, modulation);
        ops::accumulate(ctx, base, modulation);
    }

    /// ds and dbase are added to.
    template <class T>
    void backward(auto& ctx, const weights<T>& w, auto s, const saved<T>& keep, auto dmodulation, auto ds, auto dbase,
                  const auto& g) const {
        using A = accumulate_t<T>;
        const arena::scope scope(ctx.arena);
        const std::int64_t rows = s.extent(0);
        ops::accumulate(ctx, dmodulation, dbase);
        const auto dm = ctx.arena.template take<T, dynamic, K * D>(rows);
        const auto dlow = ctx.arena.template take<T, dynamic, Rank>(rows);
        const auto ds_part = ctx.arena.template take<A, dynamic, D>(rows);
        ops::convert(ctx, dmodulation, dm);
        up.backward_parameters(ctx, keep.low, dm, g);
        up.backward_input(ctx, w, dm, dlow);
        down.backward_parameters(ctx, s, dlow, g);
        down.backward_input(ctx, w, dlow, ds_part);
        ops::accumulate(ctx, ds_part, ds);
    }
};

/// A separate AdaLN of one layer: modulation = linear(s).
template <int D, int K> struct adaln_separate {
    linear<D, K * D, init::zero> map;

    static constexpr void each(auto& self, auto&& visit) { visit("linear", self.map); }

    template <class T> struct saved {
        saved(arena&, std::int64_t) {}
    };

    template <class T>
    void forward(auto& ctx, const weights<T>& w, auto s, auto, auto modulation, const saved<T>&) const {
        map.forward(ctx, w, s, modulation);
    }

    /// ds is added to.
    template <class T>
    void backward(auto& ctx, const weights<T>& w, auto s, const saved<T>&, auto dmodulation, auto ds, auto,
                  const auto& g) const {
        using A = accumulate_t<T>;
        const arena::scope scope(ctx.arena);
        const auto dm = ctx.arena.template take<T, dynamic, K * D>(s.extent(0));
        const auto ds_part = ctx.arena.template take<A, dynamic, D>(s.extent(0));
        ops::convert(ctx, dmodulation, dm);
        map.backward_parameters(ctx, s, dm, g);
        map.backward_input(ctx, w, dm, ds_part);
        ops::accumulate(ctx, ds_part, ds);
    }
};

/// The choice by rank: 0 is separate.
template <int D, int K, int Rank>
using adaln = std::conditional_t<(Rank > 0), adaln_lora<D, K, (Rank > 0 ? Rank : 1)>, adaln_separate<D, K>>;

/// What all layers of AdaLN-LoRA share: base(s).
template <int D, int K> struct adaln_base {
    linear<D, K * D, init::zero> base;
    static constexpr void each(auto& self, auto&& visit) { visit("base", self.base); }
};

} // namespace walt::nn
