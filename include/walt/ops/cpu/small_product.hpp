// Products of small matrices in cache: float in vectors; bf16 by the dot products of AVX512-BF16, or in tiles of AMX.
#pragma once

#include "tile_registers.hpp"

#include <algorithm>

namespace walt::cpu::inline WALT_INSTRUCTION_SET {

namespace detail {

/// Vectors of a row that a block of the result has: with four, 16 sums and a row of right fill half of AVX-512's
/// registers; smaller vectors have no room for more than one. Sums are in vectors of one register, since g++ keeps
/// wider ones in memory.
#if defined(__AVX512F__)
inline constexpr int block_vectors = 4, register_lanes = vector_lanes;
#else
inline constexpr int block_vectors = 1, register_lanes = 8;
#endif
typedef float register_vector __attribute__((vector_size(4 * register_lanes)));
typedef float register_in_memory __attribute__((vector_size(4 * register_lanes), aligned(4), may_alias));

/// sum += left * right, over the elements of a unit.
template <class T, class Vector>
[[gnu::always_inline]] inline void multiply_add(Vector& sum, float left, const Vector& right) {
#if defined(__AVX512BF16__)
    if constexpr (std::is_same_v<T, bf16>)
        add_bf16_products(sum,
                          float_vector{left, left, left, left, left, left, left, left, left, left, left, left, left,
                                       left, left, left},
                          right);
    else
#endif
    {
        static_assert(std::is_same_v<T, float>, "this instruction set multiplies float only: use operand_t<T>");
        sum += left * right;
    }
}

/// A block of Rows x 16 Vectors of the result, held in registers.
template <class T, int Rows, int Vectors>
inline void product_block(int K, unit_rows left, unit_rows right, unit_rows start, float* c, std::int64_t c_width) {
    constexpr int registers = Vectors * vector_lanes / register_lanes;
    register_vector sum[Rows][registers];
#pragma GCC unroll 8
    for (int i = 0; i < Rows; ++i)
#pragma GCC unroll 8
        for (int v = 0; v < registers; ++v)
            if (start.data)
                sum[i][v] =
                    *reinterpret_cast<const register_in_memory*>(start.data + i * start.width + v * register_lanes);
            else sum[i][v] = register_vector{};
    for (int k = 0; k < K; ++k) {
        register_vector row[registers];
#pragma GCC unroll 8
        for (int v = 0; v < registers; ++v)
            row[v] = *reinterpret_cast<const register_in_memory*>(right.data + k * right.width + v * register_lanes);
#pragma GCC unroll 8
        for (int i = 0; i < Rows; ++i)
#pragma GCC unroll 8
            for (int v = 0; v < registers; ++v) multiply_add<T>(sum[i][v], left.data[i * left.width + k], row[v]);
    }
#pragma GCC unroll 8
    for (int i = 0; i < Rows; ++i)
#pragma GCC unroll 8
        for (int v = 0; v < registers; ++v)
            *reinterpret_cast<register_in_memory*>(c + i * c_width + v * register_lanes) = sum[i][v];
}

template <class T, int Vectors>
void product_columns(int M, int K, unit_rows left, unit_rows right, unit_rows start, float* c, std::int64_t c_width) {
    // Enough sums to hide the latency of an addition, and no more than there are registers.
    constexpr int most = Vectors == 4 || register_lanes < vector_lanes ? 4 : 8;
    int m = 0;
    for (; m + most <= M; m += most)
        product_block<T, most, Vectors>(K, left.from(m, 0), right, start.from(m, 0), c + m * c_width, c_width);
    for (; m < M; m += 4)
        product_block<T, 4, Vectors>(K, left.from(m, 0), right, start.from(m, 0), c + m * c_width, c_width);
}

} // namespace detail

/// c [M, N] = start + left [M, K] right [K, N], K in units; from zero without a start, which may also be c.
/// Matrices are padded to multiples of 16 in both directions: what pads rows and columns of c may be written, and the
/// units behind K must be zeros in one of left and right, and finite in the other. For bf16 `tile_registers` are alive.
template <class T>
void small_product(int M, int N, int K, unit_rows left, unit_rows right, unit_rows start, float* c,
                   std::int64_t c_width) {
    if constexpr (std::is_same_v<T, bf16> && tile_registers::compiled)
        if (tile_registers::present()) return tile_product<T>(M, N, K, left, right, start, c, c_width);
    constexpr auto narrowed = [](int vectors) { return std::min(vectors, detail::block_vectors); };
    for (int n = 0; n < N;) {
        const int rest = (N - n + vector_lanes - 1) / vector_lanes, vectors = narrowed(rest == 5 ? 3 : rest);
        const auto columns = vectors == 4   ? detail::product_columns<T, narrowed(4)>
                             : vectors == 3 ? detail::product_columns<T, narrowed(3)>
                             : vectors == 2 ? detail::product_columns<T, narrowed(2)>
                                            : detail::product_columns<T, 1>;
        columns(M, K, left, right.from(0, n), start.from(0, n), c + n, c_width);
        n += vectors * vector_lanes;
    }
}

} // namespace walt::cpu::inline WALT_INSTRUCTION_SET
