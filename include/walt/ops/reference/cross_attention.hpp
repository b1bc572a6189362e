// Reference: text cross-attention, one frame and head at a time.
#pragma once

#include "../cross_attention.hpp"
#include "checked_index.hpp"
#include "head_norm.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace walt::reference::inline WALT_INSTRUCTION_SET {

namespace detail {
/// The keys of one frame and head: own tokens first, text positions after them.
template <class Shape, class T, class Kv, class TextKv> struct cross_source {
    const Kv& kv;
    const TextKv& text_kv;
    std::int64_t frame, text;
    int head;

    static constexpr int count = Shape::per_frame + Shape::text_tokens;
    const T* key(int j) const {
        return j < Shape::per_frame
                   ? &kv(frame * Shape::per_frame + j, head * Shape::head_dim)
                   : &text_kv(text * Shape::text_tokens + j - Shape::per_frame, head * Shape::head_dim);
    }
    const T* value(int j) const { return key(j) + Shape::width; }
};
} // namespace detail

template <class Shape, class T, int R, int S, class Rows, class Valid, class Norm, class Lse>
void cross_attention_on(context&, Shape, view<const T, R, Shape::width> q, view<const T, R, 2 * Shape::width> kv,
                        view<const T, S, 2 * Shape::width> text_kv, Rows text_row, Valid text_valid, Norm q_norm,
                        Norm k_norm, view<T, R, Shape::width> out, Lse lse) {
    using A = accumulate_t<T>;
    constexpr int Dh = Shape::head_dim, N = Shape::per_frame, M = Shape::text_tokens, K = N + M;
    check_indices(text_row, text_kv.extent(0) / M, "ops::cross_attention");
    std::vector<A> query(Dh), key(K * Dh), p(K);
    for (std::int64_t f = 0; f < text_row.extent(0); ++f)
        for (int a = 0; a < Shape::heads; ++a) {
            const detail::cross_source<Shape, T, decltype(kv), decltype(text_kv)> source{kv, text_kv, f, text_row(f),
                                                                                         a};
            for (int j = 0; j < K; ++j) head_norm<Dh>(source.key(j), k_norm, &key[static_cast<std::size_t>(j * Dh)]);
            for (std::int64_t r = f * N; r < (f + 1) * N; ++r) {
                head_norm<Dh>(&q(r, a * Dh), q_norm, query.data());
                A largest = -std::numeric_limits<A>::infinity(), total = 0;
                for (int j = 0; j < K; ++j) {
                    A& logit = p[static_cast<std::size_t>(j)];
                    logit = -std::numeric_limits<A>::infinity();
                    if (j >= N && !text_valid(text_row(f) * M + j - N)) continue;
                    A dot = 0;
                    for (int d = 0; d < Dh; ++d)
                        dot += query[static_cast<std::size_t>(d)] * key[static_cast<std::size_t>(j * Dh + d)];
                    logit = dot / std::sqrt(A(Dh));
                    largest = std::max(largest, logit);
                }
                for (A& logit : p) total += logit = std::exp(logit - largest);
                lse(r, a) = largest + std::log(total);
                for (int d = 0; d < Dh; ++d) {
                    A sum = 0;
                    for (int j = 0; j < K; ++j)
                        sum += p[static_cast<std::size_t>(j)] * static_cast<A>(source.value(j)[d]);
                    out(r, a * Dh + d) = static_cast<T>(sum / total);
                }
            }
        }
}

template <class Shape, class T, int R, int S, class Rows, class Valid, class Norm, class Lse, class DNorm>
void cross_attention_grad_on(context&, Shape, view<const T, R, Shape::width> q, view<const T, R, 2 * Shape::width> kv,
                             view<const T, S, 2 * Shape::width> text_kv, Rows text_row, Valid text_valid, Norm q_norm,
                             Norm k_norm, view<const T, R, Shape::width> out, Lse lse,
                             view<const T, R, Shape::width> dout, view<T, R, Shape::width> dq,
                             view<T, R, 2 * Shape::width> dkv, view<T, S, 2 * Shape::width> dtext_kv, DNorm dq_norm,
                             DNorm dk_norm) {
    using A = accumulate_t<T>;
    constexpr int Dh = Shape::head_dim, N = Shape::per_frame, M = Shape::text_tokens, K = N + M, D = Shape::width;
    const A temperature = A(1) / std::sqrt(A(Dh));
    std::vector<A> query(Dh), dquery(Dh), key(K * Dh), dkey(K * Dh), dvalue(K * Dh);
    std::vector<A> dtext(static_cast<std::size_t>(dtext_kv.size())); // summed over the frames that share a text
    std::vector<T> one(Dh);
    const auto at = [](int j, int d) { return static_cast<std::size_t>(j * Dh + d); };
    for (std::int64_t f = 0; f < text_row.extent(0); ++f)
        for (int a = 0; a < Shape::heads; ++a) {
            const detail::cross_source<Shape, T, decltype(kv), decltype(text_kv)> source{kv, text_kv, f, text_row(f),
                                                                                         a};
            for (int j = 0; j < K; ++j) head_norm<Dh>(source.key(j), k_norm, &key[at(j, 0)]);
            std::fill(dkey.begin(), dkey.end(), A(0));
            std::fill(dvalue.begin(), dvalue.end(), A(0));
            for (std::int64_t r = f * N; r < (f + 1) * N; ++r) {
                head_norm<Dh>(&q(r, a * Dh), q_norm, query.data());
                std::fill(dquery.begin(), dquery.end(), A(0));
                A inner = 0;
                for (int d = 0; d < Dh; ++d)
                    inner += static_cast<A>(out(r, a * Dh + d)) * static_cast<A>(dout(r, a * Dh + d));
                for (int j = 0; j < K; ++j) {
                    if (j >= N && !text_valid(text_row(f) * M + j - N)) continue;
                    A dot = 0, dp = 0;
                    for (int d = 0; d < Dh; ++d) {
                        dot += query[static_cast<std::size_t>(d)] * key[at(j, d)];
                        dp += static_cast<A>(dout(r, a * Dh + d)) * static_cast<A>(source.value(j)[d]);
                    }
                    const A p = std::exp(dot * temperature - lse(r, a)), ds = p * (dp - inner);
                    for (int d = 0; d < Dh; ++d) {
                        dquery[static_cast<std::size_t>(d)] += ds * temperature * key[at(j, d)];
                        dkey[at(j, d)] += ds * temperature * query[static_cast<std::size_t>(d)];
                        dvalue[at(j, d)] += p * static_cast<A>(dout(r, a * Dh + d));
                    }
                }
                head_norm_grad<Dh>(&q(r, a * Dh), q_norm, dquery.data(), &dq(r, a * Dh), dq_norm);
            }
            for (int j = 0; j < K; ++j) {
                head_norm_grad<Dh>(source.key(j), k_norm, &dkey[at(j, 0)], one.data(), dk_norm);
                for (int d = 0; d < Dh; ++d) {
                    if (j < N) {
                        dkv(f * N + j, a * Dh + d) = one[static_cast<std::size_t>(d)];
                        dkv(f * N + j, D + a * Dh + d) = static_cast<T>(dvalue[at(j, d)]);
                    } else {
                        A* row = &dtext[static_cast<std::size_t>((text_row(f) * M + j - N) * 2 * D + a * Dh + d)];
                        row[0] += static_cast<A>(one[static_cast<std::size_t>(d)]);
                        row[D] += dvalue[at(j, d)];
                    }
                }
            }
        }
    for (std::int64_t i = 0; i < dtext_kv.size(); ++i)
        dtext_kv.data()[i] = static_cast<T>(dtext[static_cast<std::size_t>(i)]);
}

} // namespace walt::reference::inline WALT_INSTRUCTION_SET
