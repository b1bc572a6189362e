// CUDA: AdamW with the compute copy, and the average, in one pass over memory each.
#pragma once

#include "../reference/optimizer.hpp"
#include "elementwise.cuh"
#include "sums.cuh"

namespace walt::cuda {

namespace detail {

/// What the gradient is multiplied with; NaN where the step must not change anything.
template <class A>
__global__ void gradient_scale_kernel(const gradient_mean of, const double* squares, const A* losses,
                                      std::int64_t count, A* scale) {
    bool finite = isfinite(*squares);
    for (std::int64_t i = 0; i < count; ++i) finite = finite && isfinite(losses[i]);
    *scale = finite ? static_cast<A>(of.scale(*squares)) : static_cast<A>(nanf(""));
}

inline constexpr std::int64_t packs_of_block = block_elements / 4;

/// The pack of the masters' layout that pack i of the trained blocks belongs to, or -1.
__device__ inline std::int64_t trained_pack(const trained_block& of, std::int64_t i) {
    return of.place < 0 ? -1 : of.place * packs_of_block + i % packs_of_block;
}

template <class T> struct adamw_pack {
    adamw_update with;
    const float* scale;
    const trained_block* blocks;
    float *w, *g, *m, *v;
    T* copy; // not written where the masters are what products use
    __device__ void operator()(std::int64_t i) const {
        if (isnan(*scale)) return;
        const auto at = [](float* data, std::int64_t pack_at) -> pack<float>& {
            return reinterpret_cast<pack<float>*>(data)[pack_at];
        };
        const trained_block of = blocks[i / packs_of_block];
        const std::int64_t place = trained_pack(of, i);
        if (place < 0) return;
        pack<float> weight = at(w, place), gradient = at(g, i), first = at(m, i), second = at(v, i);
        for (int e = 0; e < 4; ++e)
            reference::adamw_element(with, *scale, of.decayed != 0, weight.element[e], gradient.element[e],
                                     first.element[e], second.element[e]);
        at(w, place) = weight;
        at(g, i) = gradient;
        at(m, i) = first;
        at(v, i) = second;
        if constexpr (!std::is_same_v<T, float>) {
            pack<T> rounded;
            for (int e = 0; e < 4; ++e) rounded.element[e] = static_cast<T>(weight.element[e]);
            reinterpret_cast<pack<T>*>(copy)[place] = rounded;
        }
    }
};

struct average_pack {
    double keep;
    const trained_block* blocks;
    const float* w;
    float* average;
    __device__ void operator()(std::int64_t i) const {
        const std::int64_t place = trained_pack(blocks[i / packs_of_block], i);
        if (place < 0) return;
        const pack<float> weight = reinterpret_cast<const pack<float>*>(w)[place];
        pack<float>& mean = reinterpret_cast<pack<float>*>(average)[place];
        for (int e = 0; e < 4; ++e) mean.element[e] = reference::averaged(keep, mean.element[e], weight.element[e]);
    }
};

struct square {
    template <class T> __device__ double operator()(T x) const {
        return static_cast<double>(x) * static_cast<double>(x);
    }
};
} // namespace detail

template <class A>
void gradient_scale_on(context& ctx, const gradient_mean& of, view<const double, 1> squares,
                       view<const A, dynamic> losses, view<A, 1> scale) {
    detail::gradient_scale_kernel<<<1, 1, 0, ctx.stream>>>(of, squares.data(), losses.data(), losses.size(),
                                                           scale.data());
    check_launch("ops::gradient_scale", losses.size());
}

template <class T, class Blocks>
void adamw_on(context& ctx, const adamw_update& with, Blocks blocks, view<const float, 1> scale, view<float, dynamic> w,
              view<float, dynamic> g, view<float, dynamic> m, view<float, dynamic> v, view<T, dynamic> copy) {
    each(ctx, "ops::adamw", g.size() / 4,
         detail::adamw_pack<T>{with, scale.data(), blocks.data(), w.data(), g.data(), m.data(), v.data(), copy.data()});
}

template <class Blocks>
void average_on(context& ctx, double keep, Blocks blocks, view<const float, dynamic> masters,
                view<float, dynamic> average) {
    each(ctx, "ops::average", blocks.size() * detail::packs_of_block,
         detail::average_pack{keep, blocks.data(), masters.data(), average.data()});
}

template <class X> void sum_of_squares_on(context& ctx, X x, view<double, 1> sum) {
    assign_sum(ctx, "ops::sum_of_squares", x.data(), x.size(), detail::square{}, sum.data());
}

} // namespace walt::cuda
