// CUDA: text cross-attention. A group of queries is a frame; its keys are its own tokens and, after them, its text's.
// Gradients of a frame's own keys and of a text's are two launches, since a text's sum over all frames that share it.
#pragma once

#include "../../config/window.hpp"
#include "../cross_attention.hpp"
#include "attention_kernels.cuh"
#include "head_rows.cuh"

#include <cmath>

namespace walt::cuda {

namespace detail {

/// What is known of a frame's queries. Marks only say whether a token is there: there is no bias.
template <class Shape, class T> struct cross_queries {
    using weights_type = qk_weights<Shape::qk_norm>;
    static constexpr int heads = Shape::heads, head_dim = Shape::head_dim, queries = Shape::per_frame;
    static_assert(std::int64_t{Shape::per_frame + Shape::text_tokens} * 2 * Shape::width < (std::int64_t{1} << 31),
                  "k and v of a frame and of a text on the CUDA device have less than 2^31 elements");
    head_rows<const T, Shape::width, head_dim> of_q;
    head_rows<T, Shape::width, head_dim> of_dq;
    head_rows<const head_moments, heads, 1> moments_of_q, moments_of_own, moments_of_text; ///< with QK norm
    weights_type weights;
    const std::int32_t* text_row;
    std::int64_t frames;
    float temperature;

    __device__ row_place query_row(std::int64_t frame, int i) const { return {frame * queries, i}; }
    const __device__ T* q(std::int64_t frame, int head, int i) const { return of_q.at(query_row(frame, i), head); }
    __device__ T* dq(std::int64_t frame, int head, int i) const { return of_dq.at(query_row(frame, i), head); }
    __device__ head_moments q_moments(std::int64_t frame, int head, int i) const {
        return i < queries ? *moments_of_q.at(query_row(frame, i), head) : head_moments{};
    }
    __device__ int query_mark(int i) const { return i < queries ? 0 : -1; }
    __device__ bool identity(std::int64_t) const { return false; }
    __device__ bool sees(std::int64_t, int, int) const { return true; }
    __device__ float with_bias(float logit, int, int, int) const { return logit; }
};

/// A group is a frame: own keys and its text's.
template <class Shape, class T> struct frame_map : cross_queries<Shape, T> {
    static constexpr int own = Shape::per_frame, text = Shape::text_tokens, keys = own + text,
                         head_dim = Shape::head_dim;
    head_rows<const T, 2 * Shape::width, head_dim> own_k, own_v, text_k, text_v;
    const std::uint8_t* text_valid;

    __device__ row_place position(std::int64_t frame, int j) const {
        return {static_cast<std::int64_t>(this->text_row[frame]) * text, j - own};
    }
    const __device__ T* k(std::int64_t frame, int head, int j) const {
        return j < own ? own_k.at({frame * own, j}, head) : text_k.at(position(frame, j), head);
    }
    const __device__ T* v(std::int64_t frame, int head, int j) const {
        return j < own ? own_v.at({frame * own, j}, head) : text_v.at(position(frame, j), head);
    }
    __device__ head_moments k_moments(std::int64_t frame, int head, int j) const {
        if (j < own) return *this->moments_of_own.at({frame * own, j}, head);
        return j < keys ? *this->moments_of_text.at(position(frame, j), head) : head_moments{};
    }
    /// Texts have gaps.
    template <int Count> __device__ bool all_seen(std::int64_t, int first) const { return first + Count <= own; }
    __device__ int key_mark(std::int64_t frame, int j) const {
        if (j < own) return 0;
        return j < keys && text_valid[static_cast<std::int64_t>(this->text_row[frame]) * text + j - own] ? 0 : -1;
    }
};

/// The keys and values of one of the two sources, Keys a group, and their gradients.
template <class Shape, class T, int Keys> struct cross_keys : cross_queries<Shape, T> {
    static constexpr int keys = Keys, head_dim = Shape::head_dim;
    head_rows<const T, 2 * Shape::width, head_dim> of_k, of_v;
    head_rows<T, 2 * Shape::width, head_dim> of_dk, of_dv;

    const __device__ T* k(std::int64_t group, int head, int j) const { return of_k.at({group * Keys, j}, head); }
    const __device__ T* v(std::int64_t group, int head, int j) const { return of_v.at({group * Keys, j}, head); }
    __device__ T* dk(std::int64_t group, int head, int j) const { return of_dk.at({group * Keys, j}, head); }
    __device__ T* dv(std::int64_t group, int head, int j) const { return of_dv.at({group * Keys, j}, head); }
};

/// A group is a frame, whose own queries alone look at its keys.
template <class Shape, class T> struct own_keys_map : cross_keys<Shape, T, Shape::per_frame> {
    __device__ head_moments k_moments(std::int64_t frame, int head, int j) const {
        return j < Shape::per_frame ? *this->moments_of_own.at({frame * Shape::per_frame, j}, head) : head_moments{};
    }
    __device__ int key_mark(std::int64_t, int j) const { return j < Shape::per_frame ? 0 : -1; }
    template <int Count> __device__ bool all_seen(std::int64_t, int first) const {
        return all_there<Count, Shape::per_frame>(first);
    }
    __device__ int group_count(std::int64_t) const { return 1; }
    __device__ std::int64_t next_group(std::int64_t frame, std::int64_t) const { return frame; }
};

/// A group is a text, at which the queries of all frames that have it look, in the order of frames.
template <class Shape, class T> struct text_keys_map : cross_keys<Shape, T, Shape::text_tokens> {
    const std::uint8_t* text_valid;

    __device__ head_moments k_moments(std::int64_t text, int head, int j) const {
        return j < Shape::text_tokens ? *this->moments_of_text.at({text * Shape::text_tokens, j}, head)
                                      : head_moments{};
    }
    template <int> __device__ bool all_seen(std::int64_t, int) const { return false; }
    __device__ int key_mark(std::int64_t text, int j) const {
        return j < Shape::text_tokens && text_valid[text * Shape::text_tokens + j] ? 0 : -1;
    }
    __device__ int group_count(std::int64_t text) const {
        int count = 0;
        for (std::int64_t f = 0; f < this->frames; ++f) count += this->text_row[f] == text;
        return count;
    }
    __device__ std::int64_t next_group(std::int64_t text, std::int64_t after) const {
        do ++after;
        while (this->text_row[after] != text);
        return after;
    }
};

/// Where k, v (part 0, 1) of the rows of kv are.
template <class Shape, class T> head_rows<T, 2 * Shape::width, Shape::head_dim> half_of(T* kv, int part) {
    return {kv + part * Shape::width};
}

/// Moments are those of q, of the own keys and of the texts', one after another.
template <class Shape, class T, class Kv, class TextKv, class Normed, class Rows, class Valid, class Norm>
frame_map<Shape, T> map_frames(Shape, const T* q, const Kv& kv, const TextKv& text_kv, const Normed& normed,
                               const Rows& text_row, const Valid& text_valid, const Norm& q_norm, const Norm& k_norm) {
    const std::int64_t own = Shape::qk_norm ? kv.extent(0) * Shape::heads : 0; // else there are none
    return {{{q},
             {},
             {normed.moments},
             {normed.moments + own},
             {normed.moments + 2 * own},
             weights_of(q_norm, k_norm, normed.weights),
             text_row.data(),
             text_row.extent(0),
             log2_e / std::sqrt(static_cast<float>(Shape::head_dim))},
            half_of<Shape>(kv.data(), 0),
            half_of<Shape>(kv.data(), 1),
            half_of<Shape>(text_kv.data(), 0),
            half_of<Shape>(text_kv.data(), 1),
            text_valid.data()};
}
template <class Shape, class Kv, class TextKv>
normed_heads<Shape::qk_norm, Shape::head_dim> normed_frames(context& ctx, const Kv& kv, const TextKv& text_kv) {
    return {ctx, (2 * kv.extent(0) + text_kv.extent(0)) * Shape::heads};
}
/// One launch: the moments, with QK norm, and more.
template <class Shape, class T, class Kv, class TextKv, class... More>
void sum_heads_of_frames(context& ctx, const char* what, const T* q, const Kv& kv, const TextKv& text_kv,
                         head_moments* moments, const More&... more) {
    if constexpr (!Shape::qk_norm) sum_heads(ctx, what, no_heads{}, more...);
    else {
        constexpr int heads = Shape::heads, width = Shape::width, head_dim = Shape::head_dim;
        const auto own = static_cast<std::uint64_t>(kv.extent(0) * heads),
                   texts = static_cast<std::uint64_t>(text_kv.extent(0) * heads);
        using of_keys = heads_to_measure<T, 2 * width, heads, head_dim>;
        sum_heads(ctx, what, heads_to_measure<T, width, heads, head_dim>{q, own, moments},
                  of_keys{kv.data(), own, moments + own}, of_keys{text_kv.data(), texts, moments + 2 * own}, more...);
    }
}

} // namespace detail

template <class Shape, class T, int R, int S, class Rows, class Valid, class Norm, class Lse>
void cross_attention_on(context& ctx, Shape, view<const T, R, Shape::width> q, view<const T, R, 2 * Shape::width> kv,
                        view<const T, S, 2 * Shape::width> text_kv, Rows text_row, Valid text_valid, Norm q_norm,
                        Norm k_norm, view<T, R, Shape::width> out, Lse lse) {
    using map = detail::frame_map<Shape, T>;
    constexpr const char* what = "cross_attention";
    const arena::scope scope(ctx.arena);
    const auto normed = detail::normed_frames<Shape>(ctx, kv, text_kv);
    detail::sum_heads_of_frames<Shape>(ctx, what, q.data(), kv, text_kv, normed.moments,
                                       normed.multiply_weights(q_norm, k_norm));
    const map frames = detail::map_frames(Shape{}, q.data(), kv, text_kv, normed, text_row, text_valid, q_norm, k_norm);
    detail::launch_attention<detail::forward_tiles<map, T>>(ctx.stream, what, detail::attention_kernel<map, T>,
                                                            text_row.extent(0) * Shape::heads *
                                                                detail::tiles_of(map::queries, detail::own_rows),
                                                            frames, out.data(), lse.data());
}

template <class Shape, class T, int R, int S, class Rows, class Valid, class Norm, class Lse, class DNorm>
void cross_attention_grad_on(context& ctx, Shape, view<const T, R, Shape::width> q,
                             view<const T, R, 2 * Shape::width> kv, view<const T, S, 2 * Shape::width> text_kv,
                             Rows text_row, Valid text_valid, Norm q_norm, Norm k_norm,
                             view<const T, R, Shape::width> out, Lse lse, view<const T, R, Shape::width> dout,
                             view<T, R, Shape::width> dq, view<T, R, 2 * Shape::width> dkv,
                             view<T, S, 2 * Shape::width> dtext_kv, DNorm dq_norm, DNorm dk_norm) {
    constexpr const char* what = "cross_attention_grad";
    constexpr int Dh = Shape::head_dim, heads = Shape::heads,
                  frame_tiles = detail::tiles_of(Shape::per_frame, detail::own_rows);
    using map = detail::frame_map<Shape, T>;
    using own_map = detail::own_keys_map<Shape, T>;
    using text_map = detail::text_keys_map<Shape, T>;
    const std::int64_t text_rows = text_kv.extent(0), frames_blocks = text_row.extent(0) * heads * frame_tiles;
    const arena::scope scope(ctx.arena);
    const auto normed = detail::normed_frames<Shape>(ctx, kv, text_kv);
    const auto delta = ctx.arena.template take<float, dynamic>(q.extent(0) * heads);
    detail::sum_heads_of_frames<Shape>(
        ctx, what, q.data(), kv, text_kv, normed.moments, normed.multiply_weights(q_norm, k_norm),
        detail::heads_to_multiply<T, Dh>{out.data(), dout.data(), static_cast<std::uint64_t>(q.extent(0) * heads),
                                         delta.data()});
    map frames = detail::map_frames(Shape{}, q.data(), kv, text_kv, normed, text_row, text_valid, q_norm, k_norm);
    frames.of_dq = {dq.data()};
    const own_map own{{frames, frames.own_k, frames.own_v, detail::half_of<Shape>(dkv.data(), 0),
                       detail::half_of<Shape>(dkv.data(), 1)}};
    const text_map text{{frames, frames.text_k, frames.text_v, detail::half_of<Shape>(dtext_kv.data(), 0),
                         detail::half_of<Shape>(dtext_kv.data(), 1)},
                        text_valid.data()};
    const auto launch = [&](auto kernel, std::int64_t blocks, const auto& with) {
        detail::launch_attention<detail::backward_tiles<map, T>>(ctx.stream, what, kernel, blocks, with, dout.data(),
                                                                 lse.data(), delta.data());
    };
    detail::attention_dq(ctx, what, frames_blocks, frames, dout.data(), lse.data(), delta.data(), dq_norm, dk_norm);
    launch(detail::attention_dkv_kernel<own_map, T>, frames_blocks, own);
    launch(detail::attention_dkv_kernel<text_map, T>,
           text_rows / Shape::text_tokens * heads * detail::tiles_of(Shape::text_tokens, detail::own_rows), text);
}

} // namespace walt::cuda
