// CPU: attention of texts to themselves. A task is a head of a text; only its valid positions are packed, so padding
// costs no products. Sums are float for every type.
#pragma once

#include "../reference/text_attention.hpp"
#include "context.hpp"
#include "small_product.hpp"

#include <algorithm>
#include <vector>

namespace walt::cpu::inline WALT_INSTRUCTION_SET {

/// Row [count] becomes e^(row - largest) and zeros up to a whole vector; returns the sum. The lanes behind `count` may
/// hold anything finite.
inline float row_softmax(float* row, int count) {
    constexpr float never = -1e30f;
    std::fill(row + count, row + to_lanes(count), never);
    float_vector largest = float_vector{} + never, sum{};
    for (int c = 0; c < count; c += vector_lanes) {
        float_vector s;
        load(s, row + c);
        raise(largest, s);
    }
    float most = largest[0];
    for (int l = 1; l < vector_lanes; ++l) most = std::max(most, largest[l]);
    for (int c = 0; c < count; c += vector_lanes) {
        float_vector p;
        load(p, row + c);
        p -= most;
        exp_in_place(p);
        sum += p;
        store(p, row + c);
    }
    return sum_of(sum);
}

template <int Heads, class T, int R, int W, class Bias, class Valid>
void text_attention_on(context&, view<const T, R, W> q, view<const T, R, W> k, view<const T, R, W> v, double scale,
                       Bias bias, Valid valid, view<T, R, W> out) {
    constexpr int Dh = W / Heads;
    const int M = static_cast<int>(valid.extent(1));
    const float factor = static_cast<float>(scale);
    const auto head = [&](std::int64_t s, int a, const std::vector<int>& keys) {
        const int count = static_cast<int>(keys.size());
        const arena::scope scope(thread_scratch());
        const unit_matrix queries(thread_scratch(), M, Dh), key_columns(thread_scratch(), Dh, count),
            values(thread_scratch(), count, Dh), scores(thread_scratch(), M, count), mixed(thread_scratch(), M, Dh);
        const auto at = [&](const auto& of, int i) { return of.data() + (s * M + i) * W + a * Dh; };
        for (int i = 0; i < M; ++i) {
            const T* from = at(q, i);
            for (int d = 0; d < Dh; ++d) queries.row(i)[d] = factor * static_cast<float>(from[d]);
        }
        for (int j = 0; j < count; ++j) {
            const T *key = at(k, keys[static_cast<std::size_t>(j)]), *value = at(v, keys[static_cast<std::size_t>(j)]);
            for (int d = 0; d < Dh; ++d) {
                key_columns.row(d)[j] = static_cast<float>(key[d]);
                values.row(j)[d] = static_cast<float>(value[d]);
            }
        }
        if constexpr (!is_none<Bias>)
            for (int i = 0; i < M; ++i)
                for (int j = 0; j < count; ++j)
                    scores.row(i)[j] = bias(keys[static_cast<std::size_t>(j)] - i + M - 1, a);
        small_product<float>(M, count, Dh, queries, key_columns, scores, scores.row(0), scores.width);
        std::vector<float> share(static_cast<std::size_t>(M));
        for (int i = 0; i < M; ++i) share[static_cast<std::size_t>(i)] = 1 / row_softmax(scores.row(i), count);
        small_product<float>(M, Dh, count, scores, values, {}, mixed.row(0), mixed.width);
        for (int i = 0; i < M; ++i) {
            T* to = out.data() + (s * M + i) * W + a * Dh;
            for (int d = 0; d < Dh; ++d) to[d] = static_cast<T>(mixed.row(i)[d] * share[static_cast<std::size_t>(i)]);
        }
    };
    parallel(valid.extent(0) * Heads, 2 * std::int64_t{M} * M * Dh / 64, [&](std::int64_t task) {
        const std::int64_t s = task / Heads;
        const int a = static_cast<int>(task % Heads);
        std::vector<int> keys;
        for (int j = 0; j < M; ++j)
            if (valid(s, j)) keys.push_back(j);
        if (!keys.empty()) return head(s, a, keys);
        for (int i = 0; i < M; ++i) std::fill_n(out.data() + (s * M + i) * W + a * Dh, Dh, T{});
    });
}

} // namespace walt::cpu::inline WALT_INSTRUCTION_SET
