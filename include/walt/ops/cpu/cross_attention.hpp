// CPU: text cross-attention. A task is one head and a share of the frames; shares do not depend on the thread count.
#pragma once

#include "../reference/cross_attention.hpp"
#include "attention_rows.hpp"

namespace walt::cpu {

namespace detail {
inline constexpr std::int64_t frame_shares = 8; // per head

template <class Body> void each_frame_task(int heads, std::int64_t frames, Body&& body) {
    const std::int64_t shares = std::min(frame_shares, frames);
#pragma omp parallel for schedule(dynamic) collapse(2)
    for (int head = 0; head < heads; ++head)
        for (std::int64_t share = 0; share < shares; ++share) {
            const arena::scope scratch(thread_scratch());
            body(head, share, share * frames / shares, (share + 1) * frames / shares);
        }
}

/// Adds -1e30 to the logits of text positions that are not valid: a row of N own tokens, then M positions.
template <class Shape, class Valid> void mask_text(const Valid& valid, std::int64_t text, std::vector<float>& mask) {
    for (int m = 0; m < Shape::text_tokens; ++m)
        mask[static_cast<std::size_t>(Shape::per_frame + m)] = valid(text * Shape::text_tokens + m) ? 0.0f : -1e30f;
}
} // namespace detail

template <class Shape, class T, int R, int S, class Rows, class Valid, class Norm, class Lse>
void cross_attention_on(context&, Shape, view<const T, R, Shape::width> q_rows, view<const T, R, 2 * Shape::width> kv,
                        view<const T, S, 2 * Shape::width> text_kv, Rows text_row, Valid text_valid, Norm q_norm,
                        Norm k_norm, view<T, R, Shape::width> out, Lse lse) {
    constexpr int Dh = Shape::head_dim, N = Shape::per_frame, K = N + Shape::text_tokens, D = Shape::width;
    const float temperature = 1.0f / std::sqrt(static_cast<float>(Dh));
    detail::each_frame_task(Shape::heads, text_row.extent(0), [&](int a, std::int64_t, std::int64_t begin, std::int64_t end) {
        packed q(N, Dh), k(K, Dh), k_transposed(Dh, K), v(K, Dh), s(query_block, K), o(query_block, Dh);
        std::vector<float> mask(static_cast<std::size_t>(s.width));
        for (std::int64_t f = begin; f < end; ++f) {
            const reference::detail::cross_source<Shape, T, decltype(kv), decltype(text_kv)> source{kv, text_kv, f, text_row(f), a};
            detail::mask_text<Shape>(text_valid, text_row(f), mask);
            pack_head<Dh>(N, [&](int l) { return q_rows.data() + (f * N + l) * D + a * Dh; }, q_norm, temperature, q);
            pack_head<Dh>(K, [&](int j) { return source.key(j); }, k_norm, 1.0f, k, &k_transposed);
            pack_head<Dh>(K, [&](int j) { return source.value(j); }, none{}, 1.0f, v);
            for (int first = 0; first < N; first += query_block) {
                const int count = std::min(query_block, N - first);
                small_product(count, s.width, Dh, q.row(first), q.width, 1, k_transposed.row(0), k_transposed.width, s.row(0), s.width);
                float inverse[query_block];
                for (int i = 0; i < count; ++i) {
                    float* row = s.row(i);
                    for (int j = N; j < K; ++j) row[j] += mask[static_cast<std::size_t>(j)];
                    float largest;
                    const float total = softmax_row(row, K, s.width, largest);
                    inverse[i] = 1.0f / total;
                    lse(f * N + first + i, a) = largest + std::log(total);
                }
                small_product(count, o.width, K, s.row(0), s.width, 1, v.row(0), v.width, o.row(0), o.width);
                for (int i = 0; i < count; ++i) {
                    T* to = out.data() + (f * N + first + i) * D + a * Dh;
                    for (int d = 0; d < Dh; ++d) to[d] = static_cast<T>(o.row(i)[d] * inverse[i]);
                }
            }
        }
    });
}

/// The text's gradient is summed over the frames that share a text, head by head in frame order: a task per head.
template <class Shape, class T, int R, int S, class Rows, class Valid, class Norm, class Lse, class DNorm>
void cross_attention_grad_on(context&, Shape, view<const T, R, Shape::width> q_rows, view<const T, R, 2 * Shape::width> kv,
                             view<const T, S, 2 * Shape::width> text_kv, Rows text_row, Valid text_valid, Norm q_norm,
                             Norm k_norm, view<const T, R, Shape::width> out, Lse lse,
                             view<const T, R, Shape::width> dout, view<T, R, Shape::width> dq_rows,
                             view<T, R, 2 * Shape::width> dkv, view<T, S, 2 * Shape::width> dtext_kv, DNorm dq_norm,
                             DNorm dk_norm) {
    constexpr int Dh = Shape::head_dim, N = Shape::per_frame, M = Shape::text_tokens, K = N + M, D = Shape::width;
    const float temperature = 1.0f / std::sqrt(static_cast<float>(Dh));
    struct sums {
        float q_norm[Dh] = {}, k_norm[Dh] = {};
    };
    std::vector<sums> tasks(static_cast<std::size_t>(Shape::heads * detail::frame_shares));
    // Of every frame's text positions, normed key and value: [frames, heads, M, 2 Dh], summed by text afterwards.
    const std::int64_t frames = text_row.extent(0);
    std::vector<float> dtext(static_cast<std::size_t>(frames * Shape::heads * M * 2 * Dh));

    detail::each_frame_task(Shape::heads, frames, [&](int a, std::int64_t share, std::int64_t begin, std::int64_t end) {
        sums& mine = tasks[static_cast<std::size_t>(a * detail::frame_shares + share)];
        packed q(N, Dh), k(K, Dh), k_transposed(Dh, K), v(K, Dh), v_transposed(Dh, K), o(N, Dh), d_o(N, Dh), dq(N, Dh),
            dk(K, Dh), dv(K, Dh), s(query_block, K), dp(query_block, K);
        std::vector<float> mask(static_cast<std::size_t>(s.width));
        for (std::int64_t f = begin; f < end; ++f) {
            const reference::detail::cross_source<Shape, T, decltype(kv), decltype(text_kv)> source{kv, text_kv, f, text_row(f), a};
            const auto own = [&](const auto& rows) { return [=, &rows](int l) { return rows.data() + (f * N + l) * D + a * Dh; }; };
            detail::mask_text<Shape>(text_valid, text_row(f), mask);
            pack_head<Dh>(N, own(q_rows), q_norm, temperature, q);
            pack_head<Dh>(K, [&](int j) { return source.key(j); }, k_norm, 1.0f, k, &k_transposed);
            pack_head<Dh>(K, [&](int j) { return source.value(j); }, none{}, 1.0f, v, &v_transposed);
            pack_head<Dh>(N, own(out), none{}, 1.0f, o);
            pack_head<Dh>(N, own(dout), none{}, 1.0f, d_o);
            dk.clear();
            dv.clear();
            for (int first = 0; first < N; first += query_block) {
                const int count = std::min(query_block, N - first);
                small_product(count, s.width, Dh, q.row(first), q.width, 1, k_transposed.row(0), k_transposed.width, s.row(0), s.width);
                small_product(count, dp.width, Dh, d_o.row(first), d_o.width, 1, v_transposed.row(0), v_transposed.width, dp.row(0), dp.width);
                for (int i = 0; i < count; ++i) {
                    for (int j = N; j < K; ++j) s.row(i)[j] += mask[static_cast<std::size_t>(j)];
                    float inner = 0;
                    for (int d = 0; d < Dh; ++d) inner += o.row(first + i)[d] * d_o.row(first + i)[d];
                    softmax_row_grad(s.row(i), dp.row(i), K, s.width, lse(f * N + first + i, a), inner);
                }
                small_product(count, dq.width, K, dp.row(0), dp.width, 1, k.row(0), k.width, dq.row(first), dq.width);
                small_product<true>(K, dk.width, count, dp.row(0), 1, dp.width, q.row(first), q.width, dk.row(0), dk.width);
                small_product<true>(K, dv.width, count, s.row(0), 1, s.width, d_o.row(first), d_o.width, dv.row(0), dv.width);
            }
            for (int l = 0; l < N; ++l) {
                for (int d = 0; d < Dh; ++d) dq.row(l)[d] *= temperature;
                head_norm_grad<Dh>(own(q_rows)(l), q_norm, dq.row(l), dq_rows.data() + (f * N + l) * D + a * Dh, mine.q_norm);
            }
            for (int j = 0; j < K; ++j) {
                T dkey[Dh];
                head_norm_grad<Dh>(source.key(j), k_norm, dk.row(j), dkey, mine.k_norm);
                if (j < N) {
                    T* to = dkv.data() + (f * N + j) * 2 * D + a * Dh;
                    std::copy_n(dkey, Dh, to);
                    for (int d = 0; d < Dh; ++d) to[D + d] = static_cast<T>(dv.row(j)[d]);
                } else {
                    float* to = dtext.data() + ((f * Shape::heads + a) * M + j - N) * 2 * Dh;
                    for (int d = 0; d < Dh; ++d) {
                        to[d] = static_cast<float>(dkey[d]);
                        to[Dh + d] = dv.row(j)[d];
                    }
                }
            }
        }
    });

    std::vector<float> sum(static_cast<std::size_t>(dtext_kv.size()));
    for (std::int64_t f = 0; f < frames; ++f)
        for (int a = 0; a < Shape::heads; ++a)
            for (int m = 0; m < M; ++m) {
                const float* from = dtext.data() + ((f * Shape::heads + a) * M + m) * 2 * Dh;
                float* to = sum.data() + (text_row(f) * M + m) * 2 * D + a * Dh;
                for (int d = 0; d < Dh; ++d) {
                    to[d] += from[d];
                    to[D + d] += from[Dh + d];
                }
            }
    for (std::size_t i = 0; i < sum.size(); ++i) dtext_kv.data()[i] = static_cast<T>(sum[i]);
    if constexpr (!is_none<DNorm>)
        for (const sums& task : tasks)
            for (int d = 0; d < Dh; ++d) {
                dq_norm(d) += task.q_norm[d];
                dk_norm(d) += task.k_norm[d];
            }
}

} // namespace walt::cpu
