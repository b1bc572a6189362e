// CUDA: window attention. A group is a window; its rows are read where they lie, in window-major order.
#pragma once

#include "../../config/window.hpp"
#include "../window_attention.hpp"
#include "attention_kernels.cuh"
#include "bias_gradient.cuh"
#include "head_rows.cuh"

#include <cmath>

namespace walt::cuda {

namespace detail {

/// The windows of all samples, numbered over samples, frames, places.
template <class Shape, class T> struct window_map {
    using weights_type = qk_weights<Shape::qk_norm>;
    static constexpr int heads = Shape::heads, head_dim = Shape::head_dim, queries = Shape::tokens,
                         keys = Shape::tokens;
    static constexpr int windows_per_sample = Shape::frames / Shape::window_frames * Shape::windows;
    head_rows<const T, 3 * Shape::width, head_dim> of_q, of_k, of_v;
    head_rows<const head_moments, 2 * heads, 1> moments_of_q, moments_of_k; ///< with QK norm
    weights_type weights;
    const float* table;
    const std::uint8_t* is_image;
    float temperature;
    head_rows<T, 3 * Shape::width, head_dim> of_dq, of_dk, of_dv;
    static_assert(std::int64_t{Shape::frames} * Shape::per_frame * 3 * Shape::width < (std::int64_t{1} << 31),
                  "a clip's q, k and v of the CUDA device have less than 2^31 elements");

    __device__ row_place query_row(std::int64_t group, int token) const {
        const int first_frame =
            static_cast<int>(group / Shape::windows % (Shape::frames / Shape::window_frames)) * Shape::window_frames;
        const auto at = static_cast<unsigned>(token); // whose divisions are shifts
        return {Shape::first_row(group / windows_per_sample, static_cast<int>(group % Shape::windows), first_frame),
                static_cast<int>(at / Shape::run * Shape::per_frame + at % Shape::run)};
    }
    const __device__ T* q(std::int64_t group, int head, int i) const { return of_q.at(query_row(group, i), head); }
    const __device__ T* k(std::int64_t group, int head, int j) const { return of_k.at(query_row(group, j), head); }
    const __device__ T* v(std::int64_t group, int head, int j) const { return of_v.at(query_row(group, j), head); }
    __device__ T* dq(std::int64_t group, int head, int i) const { return of_dq.at(query_row(group, i), head); }
    __device__ T* dk(std::int64_t group, int head, int j) const { return of_dk.at(query_row(group, j), head); }
    __device__ T* dv(std::int64_t group, int head, int j) const { return of_dv.at(query_row(group, j), head); }

    __device__ head_moments q_moments(std::int64_t group, int head, int i) const {
        return i < queries ? *moments_of_q.at(query_row(group, i), head) : head_moments{};
    }
    __device__ head_moments k_moments(std::int64_t group, int head, int j) const {
        return j < keys ? *moments_of_k.at(query_row(group, j), head) : head_moments{};
    }

    /// A token's mark is its code, from which the bias of a pair and a token's frame follow; -1 past the window's end.
    __device__ int query_mark(int i) const { return i < queries ? Shape::code(i) : -1; }
    __device__ int key_mark(std::int64_t, int j) const { return query_mark(j); }
    __device__ float with_bias(float logit, int head, int query, int key) const {
        return fmaf(table[head * Shape::bias_size + query - key + Shape::bias_center], log2_e, logit);
    }

    __device__ bool image(std::int64_t group) const {
        return Shape::window_frames > 1 && is_image[group / windows_per_sample] != 0;
    }
    __device__ bool identity(std::int64_t group) const { return Shape::images == image_rule::identity && image(group); }
    __device__ bool sees(std::int64_t group, int query, int key) const {
        constexpr int codes_of_a_frame =
            Shape::window_frames > 1 ? Shape::bias_size / (2 * Shape::window_frames - 1) : 1;
        return Shape::images != image_rule::own_frame || !image(group) ||
               query / codes_of_a_frame == key / codes_of_a_frame;
    }
    /// Whether keys first, ..., first + Count - 1 are there and every query sees them; not for the identity mask.
    template <int Count> __device__ bool all_seen(std::int64_t group, int first) const {
        return all_there<Count, keys>(first) && (Shape::images != image_rule::own_frame || !image(group));
    }
    /// Only the window's own queries look at its keys.
    __device__ int group_count(std::int64_t) const { return 1; }
    __device__ std::int64_t next_group(std::int64_t group, std::int64_t) const { return group; }
};

/// Where q, k, v (part 0, 1, 2) of the rows of qkv are.
template <class Shape, class T> head_rows<T, 3 * Shape::width, Shape::head_dim> part_of(T* qkv, int part) {
    return {qkv + part * Shape::width};
}

template <class Shape, class T, class Normed, class Norm, class Bias, class Images>
window_map<Shape, T> map_windows(Shape, const T* qkv, const Normed& normed, const Norm& q_norm, const Norm& k_norm,
                                 const Bias& rel_bias, const Images& is_image) {
    return {part_of<Shape>(qkv, 0),
            part_of<Shape>(qkv, 1),
            part_of<Shape>(qkv, 2),
            {normed.moments},
            {normed.moments + (Shape::qk_norm ? Shape::heads : 0)}, // else there are none
            weights_of(q_norm, k_norm, normed.weights),
            rel_bias.data(),
            is_image.data(),
            log2_e / std::sqrt(static_cast<float>(Shape::head_dim)),
            {},
            {},
            {}};
}
/// With QK norm, of each row of qkv the heads of q, and behind them those of k.
template <class Shape, class T> auto heads_of_windows(std::int64_t rows, const T* qkv, head_moments* moments) {
    if constexpr (!Shape::qk_norm) return no_heads{};
    else
        return heads_to_measure<T, 3 * Shape::width, 2 * Shape::heads, Shape::head_dim>{
            qkv, static_cast<std::uint64_t>(rows * 2 * Shape::heads), moments};
}

} // namespace detail

template <class Shape, class T, int R, class Norm, class Bias, class Images, class Lse>
void window_attention_on(context& ctx, Shape, view<const T, R, 3 * Shape::width> qkv, Norm q_norm, Norm k_norm,
                         Bias rel_bias, Images is_image, view<T, R, Shape::width> out, Lse lse) {
    using map = detail::window_map<Shape, T>;
    constexpr const char* what = "window_attention";
    const arena::scope scope(ctx.arena);
    const std::int64_t rows = qkv.extent(0);
    const detail::normed_heads<Shape::qk_norm, Shape::head_dim> normed(ctx, rows * 2 * Shape::heads);
    detail::sum_heads(ctx, what, detail::heads_of_windows<Shape>(rows, qkv.data(), normed.moments),
                      normed.multiply_weights(q_norm, k_norm));
    const map windows = detail::map_windows(Shape{}, qkv.data(), normed, q_norm, k_norm, rel_bias, is_image);
    const std::int64_t groups = is_image.extent(0) * map::windows_per_sample,
                       tiles = detail::tiles_of(Shape::tokens, detail::own_rows);
    detail::launch_attention<detail::forward_tiles<map, T>>(ctx.stream, what, detail::attention_kernel<map, T>,
                                                            groups * Shape::heads * tiles, windows, out.data(),
                                                            lse.data());
}

template <class Shape, class T, int R, class Norm, class Bias, class Images, class Lse, class DNorm, class DBias>
void window_attention_grad_on(context& ctx, Shape, view<const T, R, 3 * Shape::width> qkv, Norm q_norm, Norm k_norm,
                              Bias rel_bias, Images is_image, view<const T, R, Shape::width> out, Lse lse,
                              view<const T, R, Shape::width> dout, view<T, R, 3 * Shape::width> dqkv, DNorm dq_norm,
                              DNorm dk_norm, DBias drel_bias) {
    constexpr const char* what = "window_attention_grad";
    constexpr int Dh = Shape::head_dim, heads = Shape::heads;
    using map = detail::window_map<Shape, T>;
    using tiles = detail::backward_tiles<map, T>;
    const std::int64_t groups = is_image.extent(0) * map::windows_per_sample;
    const std::int64_t blocks = groups * heads * detail::tiles_of(Shape::tokens, detail::own_rows);
    const arena::scope scope(ctx.arena);
    const std::int64_t rows = qkv.extent(0);
    const detail::normed_heads<Shape::qk_norm, Dh> normed(ctx, rows * 2 * heads);
    const auto delta = ctx.arena.template take<float, dynamic>(rows * heads);
    detail::sum_heads(ctx, what, detail::heads_of_windows<Shape>(rows, qkv.data(), normed.moments),
                      normed.multiply_weights(q_norm, k_norm),
                      detail::heads_to_multiply<T, Dh>{out.data(), dout.data(),
                                                       static_cast<std::uint64_t>(rows * heads), delta.data()});
    map windows = detail::map_windows(Shape{}, qkv.data(), normed, q_norm, k_norm, rel_bias, is_image);
    windows.of_dq = detail::part_of<Shape>(dqkv.data(), 0);
    windows.of_dk = detail::part_of<Shape>(dqkv.data(), 1);
    windows.of_dv = detail::part_of<Shape>(dqkv.data(), 2);
    detail::attention_dq(ctx, what, blocks, windows, dout.data(), lse.data(), delta.data(), dq_norm, dk_norm);
    detail::launch_attention<tiles>(ctx.stream, what, detail::attention_dkv_kernel<map, T>, blocks, windows,
                                    dout.data(), lse.data(), delta.data());
    detail::add_bias_gradient<Shape, T>(ctx, what, windows, groups, dout.data(), lse.data(), delta.data(),
                                        drel_bias.data());
}

} // namespace walt::cuda
