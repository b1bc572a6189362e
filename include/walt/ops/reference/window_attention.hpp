// Reference: window attention with the whole matrix of one window and head at a time.
#pragma once

#include "../window_attention.hpp"
#include "head_norm.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace walt::reference::inline WALT_INSTRUCTION_SET {

namespace detail {
/// Whether a query may look at a key in a window that spans frames, given what the sample is.
template <class Shape> constexpr bool may_attend(bool image, int query, int key) {
    if (!image || Shape::window_frames == 1) return true;
    if (Shape::images == image_rule::identity) return query == key;
    return query / Shape::run == key / Shape::run;
}
/// Row in [B F N] of token l of a window.
template <class Shape> constexpr std::int64_t window_row(std::int64_t sample, int first_frame, int window, int token) {
    return Shape::first_row(sample, window, first_frame + token / Shape::run) + token % Shape::run;
}
} // namespace detail

template <class Shape, class T, int R, class Norm, class Bias, class Images, class Lse>
void window_attention_on(context&, Shape, view<const T, R, 3 * Shape::width> qkv, Norm q_norm, Norm k_norm,
                         Bias rel_bias, Images is_image, view<T, R, Shape::width> out, Lse lse) {
    using A = accumulate_t<T>;
    constexpr int L = Shape::tokens, Dh = Shape::head_dim, D = Shape::width;
    std::vector<A> q(L * Dh), k(L * Dh), p(L);
    for (std::int64_t b = 0; b < is_image.extent(0); ++b)
        for (int f = 0; f < Shape::frames; f += Shape::window_frames)
            for (int w = 0; w < Shape::windows; ++w)
                for (int a = 0; a < Shape::heads; ++a) {
                    const auto row = [&](int l) { return detail::window_row<Shape>(b, f, w, l); };
                    for (int l = 0; l < L; ++l) {
                        head_norm<Dh>(&qkv(row(l), a * Dh), q_norm, &q[static_cast<std::size_t>(l * Dh)]);
                        head_norm<Dh>(&qkv(row(l), D + a * Dh), k_norm, &k[static_cast<std::size_t>(l * Dh)]);
                    }
                    for (int i = 0; i < L; ++i) {
                        A largest = -std::numeric_limits<A>::infinity(), total = 0;
                        for (int j = 0; j < L; ++j) {
                            A& logit = p[static_cast<std::size_t>(j)];
                            logit = -std::numeric_limits<A>::infinity();
                            if (!detail::may_attend<Shape>(is_image(b), i, j)) continue;
                            A dot = 0;
                            for (int d = 0; d < Dh; ++d)
                                dot +=
                                    q[static_cast<std::size_t>(i * Dh + d)] * k[static_cast<std::size_t>(j * Dh + d)];
                            logit = dot / std::sqrt(A(Dh)) +
                                    rel_bias(a, Shape::code(i) - Shape::code(j) + Shape::bias_center);
                            largest = std::max(largest, logit);
                        }
                        for (A& logit : p) total += logit = std::exp(logit - largest);
                        lse(row(i), a) = largest + std::log(total);
                        for (int d = 0; d < Dh; ++d) {
                            A sum = 0;
                            for (int j = 0; j < L; ++j)
                                sum += p[static_cast<std::size_t>(j)] * static_cast<A>(qkv(row(j), 2 * D + a * Dh + d));
                            out(row(i), a * Dh + d) = static_cast<T>(sum / total);
                        }
                    }
                }
}

template <class Shape, class T, int R, class Norm, class Bias, class Images, class Lse, class DNorm, class DBias>
void window_attention_grad_on(context&, Shape, view<const T, R, 3 * Shape::width> qkv, Norm q_norm, Norm k_norm,
                              Bias rel_bias, Images is_image, view<const T, R, Shape::width> out, Lse lse,
                              view<const T, R, Shape::width> dout, view<T, R, 3 * Shape::width> dqkv, DNorm dq_norm,
                              DNorm dk_norm, DBias drel_bias) {
    using A = accumulate_t<T>;
    constexpr int L = Shape::tokens, Dh = Shape::head_dim, D = Shape::width;
    const A temperature = A(1) / std::sqrt(A(Dh));
    std::vector<A> q(L * Dh), k(L * Dh), dq(L * Dh), dk(L * Dh), dv(L * Dh);
    const auto at = [](int l, int d) { return static_cast<std::size_t>(l * Dh + d); };
    for (std::int64_t b = 0; b < is_image.extent(0); ++b)
        for (int f = 0; f < Shape::frames; f += Shape::window_frames)
            for (int w = 0; w < Shape::windows; ++w)
                for (int a = 0; a < Shape::heads; ++a) {
                    const auto row = [&](int l) { return detail::window_row<Shape>(b, f, w, l); };
                    for (int l = 0; l < L; ++l) {
                        head_norm<Dh>(&qkv(row(l), a * Dh), q_norm, &q[at(l, 0)]);
                        head_norm<Dh>(&qkv(row(l), D + a * Dh), k_norm, &k[at(l, 0)]);
                    }
                    for (auto* grad : {&dq, &dk, &dv}) std::fill(grad->begin(), grad->end(), A(0));
                    for (int i = 0; i < L; ++i) {
                        A inner = 0; // sum over keys of p dp = out . dout
                        for (int d = 0; d < Dh; ++d)
                            inner += static_cast<A>(out(row(i), a * Dh + d)) * static_cast<A>(dout(row(i), a * Dh + d));
                        for (int j = 0; j < L; ++j) {
                            if (!detail::may_attend<Shape>(is_image(b), i, j)) continue;
                            const int bias = Shape::code(i) - Shape::code(j) + Shape::bias_center;
                            A dot = 0, dp = 0;
                            for (int d = 0; d < Dh; ++d) {
                                dot += q[at(i, d)] * k[at(j, d)];
                                dp += static_cast<A>(dout(row(i), a * Dh + d)) *
                                      static_cast<A>(qkv(row(j), 2 * D + a * Dh + d));
                            }
                            const A p = std::exp(dot * temperature + rel_bias(a, bias) - lse(row(i), a));
                            const A ds = p * (dp - inner);
                            drel_bias(a, bias) += ds;
                            for (int d = 0; d < Dh; ++d) {
                                dq[at(i, d)] += ds * temperature * k[at(j, d)];
                                dk[at(j, d)] += ds * temperature * q[at(i, d)];
                                dv[at(j, d)] += p * static_cast<A>(dout(row(i), a * Dh + d));
                            }
                        }
                    }
                    for (int l = 0; l < L; ++l) {
                        head_norm_grad<Dh>(&qkv(row(l), a * Dh), q_norm, &dq[at(l, 0)], &dqkv(row(l), a * Dh), dq_norm);
                        head_norm_grad<Dh>(&qkv(row(l), D + a * Dh), k_norm, &dk[at(l, 0)], &dqkv(row(l), D + a * Dh),
                                           dk_norm);
                        for (int d = 0; d < Dh; ++d) dqkv(row(l), 2 * D + a * Dh + d) = static_cast<T>(dv[at(l, d)]);
                    }
                }
}

} // namespace walt::reference::inline WALT_INSTRUCTION_SET
