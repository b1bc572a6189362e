// CPU: window attention. A task is one head and a share of the windows; the shares do not depend on the number of
// threads, and their sums are added in order, so results do not either.
#pragma once

#include "../reference/window_attention.hpp"
#include "attention_rows.hpp"

namespace walt::cpu {

namespace detail {
inline constexpr std::int64_t attention_shares = 8; // of the windows, per head

/// Calls body(head, share, first window, last window) for all tasks. Windows are numbered over samples, frames, places.
template <class Shape, class Body> void each_attention_task(std::int64_t samples, Body&& body) {
    const std::int64_t windows = samples * (Shape::frames / Shape::window_frames) * Shape::windows;
    const std::int64_t shares = std::min(attention_shares, windows);
#pragma omp parallel for schedule(dynamic) collapse(2)
    for (int head = 0; head < Shape::heads; ++head)
        for (std::int64_t share = 0; share < shares; ++share) {
            const arena::scope scratch(thread_scratch());
            body(head, share, share * windows / shares, (share + 1) * windows / shares);
        }
}

/// Where window number w lies.
template <class Shape> struct window_place {
    std::int64_t sample;
    int first_frame, window;
    explicit window_place(std::int64_t w)
        : sample(w / Shape::windows / (Shape::frames / Shape::window_frames)),
          first_frame(static_cast<int>(w / Shape::windows % (Shape::frames / Shape::window_frames)) * Shape::window_frames),
          window(static_cast<int>(w % Shape::windows)) {}
    std::int64_t row(int token) const { return reference::detail::window_row<Shape>(sample, first_frame, window, token); }
};

/// The relative bias of one head as a matrix [L, L].
template <class Shape, class Bias> packed expand_bias(const Bias& table, int head) {
    packed matrix(Shape::tokens, Shape::tokens);
    std::vector<int> code;
    for (int l = 0; l < Shape::tokens; ++l) code.push_back(Shape::code(l));
    for (int i = 0; i < Shape::tokens; ++i)
        for (int j = 0; j < Shape::tokens; ++j)
            matrix.row(i)[j] = table(head, code[static_cast<std::size_t>(i)] - code[static_cast<std::size_t>(j)] + Shape::bias_center);
    return matrix;
}

/// Rows [first, first + count) of q k^T + bias; keys that an image's query may not see get no weight.
template <class Shape>
void attention_logits(const packed& q, const packed& k_transposed, const packed& bias, bool image, int first, int count, packed& s) {
    small_product(count, s.width, Shape::head_dim, q.row(first), q.width, 1, k_transposed.row(0), k_transposed.width, s.row(0), s.width);
    for (int i = 0; i < count; ++i) {
        float* row = s.row(i);
        const float* add = bias.row(first + i);
        for (int j = 0; j < s.width; ++j) row[j] += add[j];
        if (image && Shape::window_frames > 1) // own_frame; the identity mask needs no product at all
            for (int j = 0; j < Shape::tokens; ++j)
                if (j / Shape::run != (first + i) / Shape::run) row[j] = -1e30f;
    }
}
} // namespace detail

template <class Shape, class T, int R, class Norm, class Bias, class Images, class Lse>
void window_attention_on(context&, Shape, view<const T, R, 3 * Shape::width> qkv, Norm q_norm, Norm k_norm, Bias rel_bias,
                         Images is_image, view<T, R, Shape::width> out, Lse lse) {
    constexpr int L = Shape::tokens, Dh = Shape::head_dim, D = Shape::width;
    constexpr bool identity = Shape::window_frames > 1 && Shape::images == image_rule::identity;
    const float temperature = 1.0f / std::sqrt(static_cast<float>(Dh));
    detail::each_attention_task<Shape>(is_image.extent(0), [&](int a, std::int64_t, std::int64_t begin, std::int64_t end) {
        const packed bias = detail::expand_bias<Shape>(rel_bias, a);
        packed q(L, Dh), k(L, Dh), k_transposed(Dh, L), v(L, Dh), s(query_block, L), o(query_block, Dh);
        for (std::int64_t w = begin; w < end; ++w) {
            const detail::window_place<Shape> at(w);
            const auto head = [&](int part) { return [&, part](int l) { return qkv.data() + at.row(l) * 3 * D + part * D + a * Dh; }; };
            const bool image = is_image(at.sample);
            if (identity && image) { // spec 1.5: a token's output is its own v
                for (int l = 0; l < L; ++l) {
                    std::copy_n(head(2)(l), Dh, out.data() + at.row(l) * D + a * Dh);
                    lse(at.row(l), a) = 0;
                }
                continue;
            }
            pack_head<Dh>(L, head(0), q_norm, temperature, q);
            pack_head<Dh>(L, head(1), k_norm, 1.0f, k, &k_transposed);
            pack_head<Dh>(L, head(2), none{}, 1.0f, v);
            for (int first = 0; first < L; first += query_block) {
                const int count = std::min(query_block, L - first);
                detail::attention_logits<Shape>(q, k_transposed, bias, image, first, count, s);
                float inverse[query_block];
                for (int i = 0; i < count; ++i) {
                    float largest;
                    const float total = softmax_row(s.row(i), L, s.width, largest);
                    inverse[i] = 1.0f / total;
                    lse(at.row(first + i), a) = largest + std::log(total);
                }
                small_product(count, o.width, L, s.row(0), s.width, 1, v.row(0), v.width, o.row(0), o.width);
                for (int i = 0; i < count; ++i) {
                    T* to = out.data() + at.row(first + i) * D + a * Dh;
                    for (int d = 0; d < Dh; ++d) to[d] = static_cast<T>(o.row(i)[d] * inverse[i]);
                }
            }
        }
    });
}

template <class Shape, class T, int R, class Norm, class Bias, class Images, class Lse, class DNorm, class DBias>
void window_attention_grad_on(context&, Shape, view<const T, R, 3 * Shape::width> qkv, Norm q_norm, Norm k_norm, Bias rel_bias,
                              Images is_image, view<const T, R, Shape::width> out, Lse lse,
                              view<const T, R, Shape::width> dout, view<T, R, 3 * Shape::width> dqkv, DNorm dq_norm,
                              DNorm dk_norm, DBias drel_bias) {
    constexpr int L = Shape::tokens, Dh = Shape::head_dim, D = Shape::width;
    constexpr bool identity = Shape::window_frames > 1 && Shape::images == image_rule::identity;
    const float temperature = 1.0f / std::sqrt(static_cast<float>(Dh));
    struct sums { // of one task
        std::vector<float> bias = std::vector<float>(Shape::bias_size);
        float q_norm[Dh] = {}, k_norm[Dh] = {};
    };
    std::vector<sums> tasks(static_cast<std::size_t>(Shape::heads * detail::attention_shares));

    detail::each_attention_task<Shape>(is_image.extent(0), [&](int a, std::int64_t share, std::int64_t begin, std::int64_t end) {
        sums& mine = tasks[static_cast<std::size_t>(a * detail::attention_shares + share)];
        const packed bias = detail::expand_bias<Shape>(rel_bias, a);
        packed q(L, Dh), k(L, Dh), k_transposed(Dh, L), v(L, Dh), v_transposed(Dh, L), dbias(L, L);
        packed o(L, Dh), d_o(L, Dh), dq(L, Dh), dk(L, Dh), dv(L, Dh), s(query_block, L), dp(query_block, L);
        for (std::int64_t w = begin; w < end; ++w) {
            const detail::window_place<Shape> at(w);
            const auto head = [&](int part) { return [&, part](int l) { return qkv.data() + at.row(l) * 3 * D + part * D + a * Dh; }; };
            const auto dhead = [&](int part, int l) { return dqkv.data() + at.row(l) * 3 * D + part * D + a * Dh; };
            const bool image = is_image(at.sample);
            if (identity && image) {
                for (int l = 0; l < L; ++l) {
                    std::fill_n(dhead(0, l), Dh, T(0.0f));
                    std::fill_n(dhead(1, l), Dh, T(0.0f));
                    std::copy_n(dout.data() + at.row(l) * D + a * Dh, Dh, dhead(2, l));
                }
                continue;
            }
            pack_head<Dh>(L, head(0), q_norm, temperature, q);
            pack_head<Dh>(L, head(1), k_norm, 1.0f, k, &k_transposed);
            pack_head<Dh>(L, head(2), none{}, 1.0f, v, &v_transposed);
            pack_head<Dh>(L, [&](int l) { return out.data() + at.row(l) * D + a * Dh; }, none{}, 1.0f, o);
            pack_head<Dh>(L, [&](int l) { return dout.data() + at.row(l) * D + a * Dh; }, none{}, 1.0f, d_o);
            dk.clear();
            dv.clear();
            for (int first = 0; first < L; first += query_block) {
                const int count = std::min(query_block, L - first);
                detail::attention_logits<Shape>(q, k_transposed, bias, image, first, count, s);
                small_product(count, dp.width, Dh, d_o.row(first), d_o.width, 1, v_transposed.row(0), v_transposed.width, dp.row(0), dp.width);
                for (int i = 0; i < count; ++i) {
                    float inner = 0; // sum over keys of p dp = out . dout
                    for (int d = 0; d < Dh; ++d) inner += o.row(first + i)[d] * d_o.row(first + i)[d];
                    softmax_row_grad(s.row(i), dp.row(i), L, s.width, lse(at.row(first + i), a), inner);
                    float* to = dbias.row(first + i);
                    for (int j = 0; j < L; ++j) to[j] += dp.row(i)[j];
                }
                small_product(count, dq.width, L, dp.row(0), dp.width, 1, k.row(0), k.width, dq.row(first), dq.width);
                small_product<true>(L, dk.width, count, dp.row(0), 1, dp.width, q.row(first), q.width, dk.row(0), dk.width);
                small_product<true>(L, dv.width, count, s.row(0), 1, s.width, d_o.row(first), d_o.width, dv.row(0), dv.width);
            }
            for (int l = 0; l < L; ++l) {
                for (int d = 0; d < Dh; ++d) dq.row(l)[d] *= temperature;
                head_norm_grad<Dh>(head(0)(l), q_norm, dq.row(l), dhead(0, l), mine.q_norm);
                head_norm_grad<Dh>(head(1)(l), k_norm, dk.row(l), dhead(1, l), mine.k_norm);
                for (int d = 0; d < Dh; ++d) dhead(2, l)[d] = static_cast<T>(dv.row(l)[d]);
            }
        }
        for (int i = 0; i < L; ++i)
            for (int j = 0; j < L; ++j)
                mine.bias[static_cast<std::size_t>(Shape::code(i) - Shape::code(j) + Shape::bias_center)] += dbias.row(i)[j];
    });

    for (int a = 0; a < Shape::heads; ++a)
        for (std::int64_t share = 0; share < detail::attention_shares; ++share) {
            const sums& task = tasks[static_cast<std::size_t>(a * detail::attention_shares + share)];
            for (int i = 0; i < Shape::bias_size; ++i) drel_bias(a, i) += task.bias[static_cast<std::size_t>(i)];
            if constexpr (!is_none<DNorm>)
                for (int d = 0; d < Dh; ++d) {
                    dq_norm(d) += task.q_norm[d];
                    dk_norm(d) += task.k_norm[d];
                }
        }
}

} // namespace walt::cpu
