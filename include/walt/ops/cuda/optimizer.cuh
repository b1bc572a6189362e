// CUDA: AdamW, the average and the compute copy in one pass over memory.
#pragma once

#include "../reference/optimizer.hpp"
#include "reduce.cuh"

namespace walt::cuda {

namespace detail {

/// scale = what the gradient is multiplied with; NaN where the step must not change anything.
template <class A>
__global__ void gradient_scale_kernel(const adamw_update with, const double* squares, const A* losses,
                                      std::int64_t count, A* scale) {
    bool finite = isfinite(*squares);
    for (std::int64_t i = 0; i < count; ++i) finite = finite && isfinite(losses[i]);
    *scale = finite ? static_cast<A>(with.gradient_scale(*squares)) : static_cast<A>(nanf(""));
}

template <class T> struct adamw_pack {
    adamw_update with;
    const float* scale;
    const std::uint8_t* kinds;
    float *w, *g, *m, *v, *average;
    T* copy; // nullptr where the masters are what products use
    __device__ void operator()(std::int64_t i) const {
        if (isnan(*scale)) return;
        const auto at = [i](float* data) -> pack<float>& { return reinterpret_cast<pack<float>*>(data)[i]; };
        const std::uint8_t kind = kinds[i / 16]; // 64 elements
        pack<float> weight = at(w);
        if (kind != block_fixed) {
            pack<float> gradient = at(g), first = at(m), second = at(v), mean = at(average);
            for (int e = 0; e < 4; ++e)
                reference::adamw_element(with, *scale, kind == block_decayed, weight.element[e], gradient.element[e],
                                         first.element[e], second.element[e], mean.element[e]);
            at(w) = weight;
            at(m) = first;
            at(v) = second;
            at(average) = mean;
        }
        at(g) = pack<float>{};
        if constexpr (!std::is_same_v<T, float>) {
            pack<T> rounded;
            for (int e = 0; e < 4; ++e) rounded.element[e] = static_cast<T>(weight.element[e]);
            reinterpret_cast<pack<T>*>(copy)[i] = rounded;
        }
    }
};

/// part[block] = the sum of squares of the elements that the block walks over.
template <class T> __global__ void sum_of_squares_kernel(const T* x, std::int64_t count, double* part) {
    double sum = 0;
    for (std::int64_t i = first_element(); i < count; i += element_step())
        sum += static_cast<double>(x[i]) * static_cast<double>(x[i]);
    sum = block_sum<threads_per_block>(sum);
    if (threadIdx.x == 0) part[blockIdx.x] = sum;
}
} // namespace detail

template <class T, class Kinds>
void adamw_on(context& ctx, const adamw_update& with, Kinds kinds, view<const double, 1> squares,
              view<const float, dynamic> losses, view<float, dynamic> w, view<float, dynamic> g, view<float, dynamic> m,
              view<float, dynamic> v, view<float, dynamic> average, view<T, dynamic> copy) {
    const arena::scope scope(ctx.arena);
    float* const scale = ctx.arena.take<float, 1>().data();
    detail::gradient_scale_kernel<<<1, 1, 0, ctx.stream>>>(with, squares.data(), losses.data(), losses.size(), scale);
    check_launch("ops::adamw", losses.size());
    each(ctx, "ops::adamw", w.size() / 4,
         detail::adamw_pack<T>{with, scale, kinds.data(), w.data(), g.data(), m.data(), v.data(), average.data(),
                               copy.data()});
}

template <class X> void sum_of_squares_on(context& ctx, X x, view<double, 1> sum) {
    const arena::scope scope(ctx.arena);
    const unsigned blocks = std::clamp(blocks_for(x.size()), 1u, 1024u);
    const auto part = ctx.arena.take<double, dynamic>(blocks);
    detail::sum_of_squares_kernel<<<blocks, threads_per_block, 0, ctx.stream>>>(x.data(), x.size(), part.data());
    check_launch("ops::sum_of_squares", x.size());
    assign_total(ctx, "ops::sum_of_squares", blocks, part.data(), sum.data());
}

} // namespace walt::cuda
