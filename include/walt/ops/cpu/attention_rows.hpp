// What the attentions of the CPU share: packing heads, softmax of a row block and its gradient, in float.
#pragma once

#include "context.hpp"
#include "lane_sums.hpp"
#include "small_product.hpp"
#include "vector_math.hpp"

#include <vector>

namespace walt::cpu {

inline constexpr int query_block = 24; // rows of the attention matrix at a time: they and their gradient stay in L2

/// Scratch memory of this thread: grows once, is used again by every task.
inline arena& thread_scratch() {
    static thread_local arena scratch{allocate_host};
    return scratch;
}

/// A matrix of floats in the thread's scratch, zero at first, with rows padded with zeros to whole vectors.
struct packed {
    int rows, width;
    float* values;
    packed(int rows_, int columns)
        : rows(rows_), width(to_lanes(columns)), values(thread_scratch().take<float, dynamic>(std::int64_t{rows_} * to_lanes(columns)).data()) {
        clear();
    }
    float* row(int i) { return values + std::int64_t{i} * width; }
    const float* row(int i) const { return values + std::int64_t{i} * width; }
    void clear() { std::fill_n(values, std::int64_t{rows} * width, 0.0f); }
};

/// y = LN(x) weight over one head's dh entries (spec 1.5), or x itself where there is no norm.
template <int Dh, class T, class Norm> inline void head_norm(const T* x, const Norm& weight, float* y) {
    for (int d = 0; d < Dh; ++d) y[d] = static_cast<float>(x[d]);
    if constexpr (!is_none<Norm>) {
        const auto [mean, rstd] = moments_of<Dh>(y);
        const float* scale = weight.data();
        for (int d = 0; d < Dh; ++d) y[d] = (y[d] - mean) * rstd * scale[d];
    }
}

/// dx is assigned, dweight [dh] added to.
template <int Dh, class T, class Norm> inline void head_norm_grad(const T* x, const Norm& weight, const float* dy, T* dx, float* dweight) {
    if constexpr (is_none<Norm>) {
        for (int d = 0; d < Dh; ++d) dx[d] = static_cast<T>(dy[d]);
    } else {
        const float* scale = weight.data();
        float normal[Dh], g[Dh];
        for (int d = 0; d < Dh; ++d) normal[d] = static_cast<float>(x[d]);
        const auto [mean, rstd] = moments_of<Dh>(normal);
        for (int d = 0; d < Dh; ++d) {
            normal[d] = (normal[d] - mean) * rstd;
            dweight[d] += dy[d] * normal[d];
            g[d] = dy[d] * scale[d];
        }
        const float sum = lane_sum<Dh>([&](int d) { return g[d]; }) / static_cast<float>(Dh);
        const float projection = lane_sum<Dh>([&](int d) { return g[d] * normal[d]; }) / static_cast<float>(Dh);
        for (int d = 0; d < Dh; ++d) dx[d] = static_cast<T>(rstd * (g[d] - sum - normal[d] * projection));
    }
}

/// One head of count rows, normed: to.row(l) = norm(source(l)) factor; and its transpose if asked.
template <int Dh, class Source, class Norm>
void pack_head(int count, Source&& source, const Norm& weight, float factor, packed& to, packed* transposed = nullptr) {
    for (int l = 0; l < count; ++l) {
        float* row = to.row(l);
        head_norm<Dh>(source(l), weight, row);
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
