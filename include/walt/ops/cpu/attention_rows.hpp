// What the attentions of the CPU share: packing heads, softmax of a row block and its gradient, in float.
#pragma once

#include "../reference/head_norm.hpp"
#include "context.hpp"
#include "small_product.hpp"
#include "vector_math.hpp"

#include <vector>

namespace walt::cpu {

inline constexpr int query_block = 24; // rows of the attention matrix at a time: they and their gradient stay in L2

/// A matrix of floats with rows padded with zeros to whole vectors.
struct packed {
    int rows = 0, width = 0;
    std::vector<float> values;
    packed(int rows_, int columns) : rows(rows_), width(to_lanes(columns)), values(static_cast<std::size_t>(rows_) * static_cast<std::size_t>(to_lanes(columns))) {}
    float* row(int i) { return values.data() + std::int64_t{i} * width; }
    const float* row(int i) const { return values.data() + std::int64_t{i} * width; }
    void clear() { std::fill(values.begin(), values.end(), 0.0f); }
};

/// One head of count rows, normed: to.row(l) = norm(source(l)) factor; and its transpose if asked.
template <int Dh, class Source, class Norm>
void pack_head(int count, Source&& source, const Norm& weight, float factor, packed& to, packed* transposed = nullptr) {
    for (int l = 0; l < count; ++l) {
        float* row = to.row(l);
        reference::head_norm<Dh>(source(l), weight, row);
        for (int d = 0; d < Dh; ++d) row[d] *= factor;
    }
    if (transposed)
        for (int l = 0; l < count; ++l)
            for (int d = 0; d < Dh; ++d) transposed->row(d)[l] = to.row(l)[d];
}

/// p = exp(s - largest) over `count` entries; returns the sum and sets `largest`. What lies behind count becomes 0.
inline float softmax_row(float* s, int count, int width, float& largest) {
    float most[vector_lanes], part[vector_lanes] = {};
    for (int j = count; j < width; ++j) s[j] = -1e30f;
    for (int l = 0; l < vector_lanes; ++l) most[l] = s[l];
    for (int j = vector_lanes; j < width; j += vector_lanes)
        for (int l = 0; l < vector_lanes; ++l) most[l] = s[j + l] > most[l] ? s[j + l] : most[l];
    largest = most[0];
    for (int l = 1; l < vector_lanes; ++l) largest = most[l] > largest ? most[l] : largest;
    for (int j = 0; j < width; j += vector_lanes)
        for (int l = 0; l < vector_lanes; ++l) {
            s[j + l] = fast_exp(s[j + l] - largest);
            part[l] += s[j + l];
        }
    float sum = 0;
    for (int l = 0; l < vector_lanes; ++l) sum += part[l];
    return sum;
}

/// p = exp(s - lse), ds = p (dp - inner); what lies behind count becomes 0 in both. ds takes dp's place.
inline void softmax_row_grad(float* s, float* dp, int count, int width, float lse, float inner) {
    for (int j = 0; j < width; ++j) {
        s[j] = fast_exp(s[j] - lse);
        dp[j] = s[j] * (dp[j] - inner);
    }
    for (int j = count; j < width; ++j) s[j] = dp[j] = 0.0f;
}

} // namespace walt::cpu
