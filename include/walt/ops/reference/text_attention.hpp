// Reference: attention of texts to themselves, one text and head at a time.
#pragma once

#include "../text_attention.hpp"
#include "context.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace walt::reference::inline WALT_INSTRUCTION_SET {

template <int Heads, class T, int R, int W, class Bias, class Valid>
void text_attention_on(context&, view<const T, R, W> q, view<const T, R, W> k, view<const T, R, W> v, double scale,
                       Bias bias, Valid valid, view<T, R, W> out) {
    using A = accumulate_t<T>;
    constexpr int Dh = W / Heads;
    const std::int64_t M = valid.extent(1);
    std::vector<A> p(static_cast<std::size_t>(M));
    for (std::int64_t s = 0; s < valid.extent(0); ++s)
        for (int a = 0; a < Heads; ++a)
            for (std::int64_t i = 0; i < M; ++i) {
                A largest = -std::numeric_limits<A>::infinity(), total = 0;
                for (std::int64_t j = 0; j < M; ++j) {
                    A& logit = p[static_cast<std::size_t>(j)];
                    logit = -std::numeric_limits<A>::infinity();
                    if (!valid(s, j)) continue;
                    A dot = 0;
                    for (int d = a * Dh; d < (a + 1) * Dh; ++d)
                        dot += static_cast<A>(q(s * M + i, d)) * static_cast<A>(k(s * M + j, d));
                    logit = static_cast<A>(scale) * dot;
                    if constexpr (!is_none<Bias>) logit += bias(j - i + M - 1, a);
                    largest = std::max(largest, logit);
                }
                for (std::int64_t j = 0; j < M; ++j) {
                    A& weight = p[static_cast<std::size_t>(j)];
                    total += weight = valid(s, j) ? std::exp(weight - largest) : A(0);
                }
                for (int d = a * Dh; d < (a + 1) * Dh; ++d) {
                    A sum = 0;
                    for (std::int64_t j = 0; j < M; ++j)
                        if (valid(s, j)) sum += p[static_cast<std::size_t>(j)] * static_cast<A>(v(s * M + j, d));
                    out(s * M + i, d) = static_cast<T>(total > A(0) ? sum / total : A(0));
                }
            }
}

} // namespace walt::reference::inline WALT_INSTRUCTION_SET
