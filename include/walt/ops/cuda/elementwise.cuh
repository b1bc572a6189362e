// Kernels in which every element of the result is made on its own: launches, packs of elements, maps, starting values.
// (Ten lines; every op needs them, and thrust::transform's header would cost every unit 4 to 6 s to compile.)
#pragma once

#include "../../core/dtype.hpp"
#include "../../core/start.hpp"
#include "context.cuh"

#include <algorithm>

namespace walt::cuda {

inline constexpr int threads_per_block = 256;

/// Checks a kernel's launch; `what` is the op, `count` what it works on.
inline void check_launch(const char* what, std::int64_t count) {
    check(cudaGetLastError(), "{} on {} elements", what, count);
}

/// Blocks for `count` threads. A kernel whose threads walk on by the grid's size needs no more.
inline unsigned blocks_for(std::int64_t count) {
    return static_cast<unsigned>(
        std::min<std::int64_t>((count + threads_per_block - 1) / threads_per_block, std::int64_t{1} << 20));
}
/// A thread's first element, and the step to its next.
__device__ inline std::int64_t first_element() {
    return static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
}
__device__ inline std::int64_t element_step() { return static_cast<std::int64_t>(gridDim.x) * blockDim.x; }

template <class Body> __global__ void each_kernel(std::int64_t count, Body body) {
    for (std::int64_t i = first_element(); i < count; i += element_step()) body(i);
}
/// Calls body(i), a device function, for i in [0, count).
template <class Body> void each(context& ctx, const char* what, std::int64_t count, const Body& body) {
    if (count == 0) return;
    each_kernel<<<blocks_for(count), threads_per_block, 0, ctx.stream>>>(count, body);
    check_launch(what, count);
}

/// Neighbours that one instruction moves.
template <class T, int Count = 4> struct alignas(Count * sizeof(T)) pack { T element[Count]; };
template <class T> bool is_pack_aligned(const T* pointer) {
    return reinterpret_cast<std::uintptr_t>(pointer) % sizeof(pack<T>) == 0;
}
/// The longest pack that a row of `Width` elements is made of: rows begin on packs where the tensor begins on
/// walt::alignment.
template <int Width> inline constexpr int pack_of_row = Width % 4 == 0 ? 4 : 1;

namespace detail {
/// y = sum (+ bias) (+ y) over rows of N, by packs: what a product or a convolution becomes where its library does not
/// do it on the way.
template <int N, bool HasBias, class U> struct finish_rows {
    static constexpr int P = pack_of_row<N>;
    const float *sum, *bias;
    U* y;
    bool add = false;
    __device__ void operator()(std::int64_t i) const {
        auto value = reinterpret_cast<const pack<float, P>*>(sum)[i];
        pack<U, P>& to = reinterpret_cast<pack<U, P>*>(y)[i];
        if constexpr (HasBias)
            for (int v = 0; v < P; ++v) value.element[v] += bias[i % (N / P) * P + v];
        pack<U, P> result;
        if (add) result = to;
        for (int v = 0; v < P; ++v)
            result.element[v] = static_cast<U>(value.element[v] + (add ? static_cast<float>(result.element[v]) : 0.0f));
        to = result;
    }
};
} // namespace detail

template <class F, class Y, class... X>
__global__ void map_kernel(std::int64_t count, std::int64_t packs, F f, Y* y, const X*... x) {
    const std::int64_t step = element_step();
    for (std::int64_t i = first_element(); i < packs; i += step) {
        const auto result = [&](const pack<X>... from) {
            return pack<Y>{
                {f(from.element[0]...), f(from.element[1]...), f(from.element[2]...), f(from.element[3]...)}};
        }(reinterpret_cast<const pack<X>*>(x)[i]...);
        reinterpret_cast<pack<Y>*>(y)[i] = result;
    }
    for (std::int64_t i = 4 * packs + first_element(); i < count; i += step) y[i] = f(x[i]...);
}
/// y[i] = f(x[i]...) for i in [0, count). y may be one of x.
template <class F, class Y, class... X>
void map(context& ctx, const char* what, std::int64_t count, const F& f, Y* y, const X*... x) {
    if (count == 0) return;
    const std::int64_t packs = (is_pack_aligned(y) && ... && is_pack_aligned(x)) ? count / 4 : 0;
    map_kernel<<<blocks_for(std::max(packs, count - 4 * packs)), threads_per_block, 0, ctx.stream>>>(count, packs, f, y,
                                                                                                     x...);
    check_launch(what, count);
}

namespace detail {
template <class T> struct start_value {
    start_rule rule;
    T* values;
    __device__ void operator()(std::int64_t i) const {
        const double value = rule(static_cast<std::uint64_t>(i));
        values[i] =
            static_cast<T>(static_cast<accumulate_t<T>>(value)); // rounded twice, as masters and their copies are
    }
};
} // namespace detail

template <class T> void context::start(const start_rule& rule, view<T, dynamic> values) {
    each(*this, "starting values", values.size(), detail::start_value<T>{rule, values.data()});
}

} // namespace walt::cuda
