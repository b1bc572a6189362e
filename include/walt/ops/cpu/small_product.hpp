// Products of small float matrices that stay in cache, as attention needs them: registers hold a tile of the result.
#pragma once

#include <cstdint>
#include <cstring>

namespace walt::cpu {

inline constexpr int vector_lanes = 16;
typedef float float_vector __attribute__((vector_size(64), aligned(4), may_alias)); // one AVX-512 register, or four SSE ones

constexpr int to_lanes(int count) { return (count + vector_lanes - 1) / vector_lanes * vector_lanes; }

namespace detail {
template <int Rows, int Vectors, bool Add>
inline void product_tile(int K, const float* a, std::int64_t a_row, std::int64_t a_column, const float* b, std::int64_t b_row,
                         float* c, std::int64_t c_row) {
    float_vector sum[Rows][Vectors];
    for (int i = 0; i < Rows; ++i)
        for (int v = 0; v < Vectors; ++v)
            if constexpr (Add) sum[i][v] = *reinterpret_cast<const float_vector*>(c + i * c_row + v * vector_lanes);
            else sum[i][v] = float_vector{};
    for (int k = 0; k < K; ++k) {
        float_vector right[Vectors];
        for (int v = 0; v < Vectors; ++v) right[v] = *reinterpret_cast<const float_vector*>(b + k * b_row + v * vector_lanes);
        for (int i = 0; i < Rows; ++i) {
            const float left = a[i * a_row + k * a_column];
            for (int v = 0; v < Vectors; ++v) sum[i][v] += left * right[v];
        }
    }
    for (int i = 0; i < Rows; ++i)
        for (int v = 0; v < Vectors; ++v) *reinterpret_cast<float_vector*>(c + i * c_row + v * vector_lanes) = sum[i][v];
}

template <int Rows, bool Add>
inline void product_rows(int N, int K, const float* a, std::int64_t a_row, std::int64_t a_column, const float* b,
                         std::int64_t b_row, float* c, std::int64_t c_row) {
    int n = 0;
    for (; n + 4 * vector_lanes <= N; n += 4 * vector_lanes)
        product_tile<Rows, 4, Add>(K, a, a_row, a_column, b + n, b_row, c + n, c_row);
    for (; n + 2 * vector_lanes <= N; n += 2 * vector_lanes)
        product_tile<Rows, 2, Add>(K, a, a_row, a_column, b + n, b_row, c + n, c_row);
    for (; n < N; n += vector_lanes) product_tile<Rows, 1, Add>(K, a, a_row, a_column, b + n, b_row, c + n, c_row);
}
} // namespace detail

/// c [M, N] = a [M, K] b [K, N], or += with Add. N is a multiple of 16; element (i, k) of a is a[i a_row + k a_column],
/// so that a may be read transposed; rows of b and c are b_row and c_row apart.
template <bool Add = false>
void small_product(int M, int N, int K, const float* a, std::int64_t a_row, std::int64_t a_column, const float* b,
                   std::int64_t b_row, float* c, std::int64_t c_row) {
    int m = 0;
    for (; m + 6 <= M; m += 6) detail::product_rows<6, Add>(N, K, a + m * a_row, a_row, a_column, b, b_row, c + m * c_row, c_row);
    for (; m + 2 <= M; m += 2) detail::product_rows<2, Add>(N, K, a + m * a_row, a_row, a_column, b, b_row, c + m * c_row, c_row);
    for (; m < M; ++m) detail::product_rows<1, Add>(N, K, a + m * a_row, a_row, a_column, b, b_row, c + m * c_row, c_row);
}

} // namespace walt::cpu
