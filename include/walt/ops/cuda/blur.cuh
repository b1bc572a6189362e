// CUDA: blur and halve, a pack of channels of one position a thread.
#pragma once

#include "../blur.hpp"
#include "elementwise.cuh"

namespace walt::cuda {

namespace detail {
template <bool Back, int C, class From, class To> struct blur_pack {
    static constexpr int P = pack_of_row<C>, packs = C / P;
    blur_axes axes;
    const From* from;
    To* to;
    __device__ void operator()(std::int64_t i) const {
        float sum[P] = {};
        axes.each_part<Back>(i / packs, [&](std::int64_t at, float share) {
            const auto x = reinterpret_cast<const pack<From, P>*>(from)[at * packs + i % packs];
            for (int v = 0; v < P; ++v) sum[v] += share * static_cast<float>(x.element[v]);
        });
        pack<To, P> y;
        for (int v = 0; v < P; ++v) y.element[v] = static_cast<To>(sum[v]);
        reinterpret_cast<pack<To, P>*>(to)[i] = y;
    }
};

template <bool Back, class From, class To>
void run_blur(context& ctx, const char* what, const blur_axes& axes, const From& from, const To& to) {
    constexpr int C = To::static_extent(4);
    using body = blur_pack<Back, C, std::remove_const_t<typename From::element>, typename To::element>;
    each(ctx, what, to.size() / body::P, body{axes, from.data(), to.data()});
}
} // namespace detail

template <class X, class Y> void blur_on(context& ctx, const blur_axes& axes, X x, Y y) {
    detail::run_blur<false>(ctx, "ops::blur", axes, x, y);
}

template <class DY, class DX> void blur_grad_on(context& ctx, const blur_axes& axes, DY dy, DX dx) {
    detail::run_blur<true>(ctx, "ops::blur_grad", axes, dy, dx);
}

} // namespace walt::cuda
