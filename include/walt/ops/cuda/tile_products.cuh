// Products of small tiles by one warp: 16 rows of its own times a tile in shared memory. bf16 on the tensor cores
// (mma.sync m16n8k16), float with plain fma, both over the same layout of the result, so that all else is written once.
#pragma once

#include "../../core/dtype.hpp"

#include <cstdint>

namespace walt::cuda::detail {

__device__ inline int lane() { return static_cast<int>(threadIdx.x) % 32; }
__device__ inline int warp() { return static_cast<int>(threadIdx.x) / 32; }

/// 16 x 8 N numbers of a warp, as mma.sync leaves them: lane l holds rows l/4 and l/4 + 8, columns 8n + 2(l%4) and the
/// next.
template <int N> struct fragment {
    float at[N][4] = {};
    __device__ static int row(int e) { return lane() / 4 + 8 * (e / 2); }
    __device__ static int column(int n, int e) { return 8 * n + 2 * (lane() % 4) + e % 2; }
    /// use(n, e) for every number of this lane.
    template <class Use> __device__ static void each(Use&& use) {
#pragma unroll
        for (int n = 0; n < N; ++n)
#pragma unroll
            for (int e = 0; e < 4; ++e) use(n, e);
    }
};

/// Two floats rounded to a pair of bf16, the first in the lower half.
__device__ inline std::uint32_t pair_of_bf16(float first, float second) {
    std::uint32_t pair;
    asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(pair) : "f"(second), "f"(first));
    return pair;
}
__device__ inline void mma(float (&c)[4], const std::uint32_t (&a)[4], std::uint32_t b0, std::uint32_t b1) {
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
                 "{%0, %1, %2, %3};"
                 : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}
/// Four 8 x 8 matrices; lanes 8i to 8i + 7 give the rows of matrix i.
template <bool Transposed> __device__ void load_matrices(std::uint32_t (&to)[4], const bf16* row) {
    const auto from = static_cast<std::uint32_t>(__cvta_generic_to_shared(row));
    if constexpr (Transposed)
        asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
                     : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
                     : "r"(from)
                     : "memory");
    else
        asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                     : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
                     : "r"(from)
                     : "memory");
}

/// c += a b^T: a is [16, Depth] and b [8 N, Depth], rows `Stride` apart.
template <int Depth, int Stride, int N> __device__ void add_rows_by_rows(fragment<N>& c, const bf16* a, const bf16* b) {
#pragma unroll(Depth > 80 ? 1 : 2) // of long rows, the fragments loaded ahead would take the sums' registers
    for (int k = 0; k < Depth; k += 16) {
        std::uint32_t left[4];
        load_matrices<false>(left, a + lane() % 16 * Stride + k + lane() / 16 * 8);
#pragma unroll
        for (int n = 0; n < N; n += 2) {
            std::uint32_t right[4];
            load_matrices<false>(right, b + (8 * n + lane() % 8 + lane() / 16 * 8) * Stride + k + lane() / 8 % 2 * 8);
            mma(c.at[n], left, right[0], right[1]);
            mma(c.at[n + 1], left, right[2], right[3]);
        }
    }
}
/// c += p b: p is [16, 8 K], a result of the product above; b is [8 K, 8 N].
template <int Stride, int K, int N>
__device__ void add_fragment_by_columns(fragment<N>& c, const fragment<K>& p, const bf16* b) {
#pragma unroll
    for (int k = 0; k < K; k += 2) {
        const std::uint32_t left[4] = {pair_of_bf16(p.at[k][0], p.at[k][1]), pair_of_bf16(p.at[k][2], p.at[k][3]),
                                       pair_of_bf16(p.at[k + 1][0], p.at[k + 1][1]),
                                       pair_of_bf16(p.at[k + 1][2], p.at[k + 1][3])};
#pragma unroll
        for (int n = 0; n < N; n += 2) {
            std::uint32_t right[4];
            load_matrices<true>(right, b + (8 * k + lane() % 16) * Stride + 8 * n + lane() / 16 * 8);
            mma(c.at[n], left, right[0], right[1]);
            mma(c.at[n + 1], left, right[2], right[3]);
        }
    }
}

template <int Depth, int Stride, int N>
__device__ void add_rows_by_rows(fragment<N>& c, const float* a, const float* b) {
    const float* left = a + lane() / 4 * Stride;
    const float* right = b + lane() % 4 * 2 * Stride;
    for (int k = 0; k < Depth; k += 4) {
        const float4 a0 = *reinterpret_cast<const float4*>(left + k),
                     a1 = *reinterpret_cast<const float4*>(left + 8 * Stride + k);
#pragma unroll
        for (int n = 0; n < N; ++n)
#pragma unroll
            for (int e = 0; e < 2; ++e) {
                const float4 w = *reinterpret_cast<const float4*>(right + (8 * n + e) * Stride + k);
                c.at[n][e] += a0.x * w.x + a0.y * w.y + a0.z * w.z + a0.w * w.w;
                c.at[n][2 + e] += a1.x * w.x + a1.y * w.y + a1.z * w.z + a1.w * w.w;
            }
    }
}
template <int Stride, int K, int N>
__device__ void add_fragment_by_columns(fragment<N>& c, const fragment<K>& p, const float* b) {
    const int first = lane() / 4 * 4; // of the four lanes that share this one's rows
#pragma unroll
    for (int k = 0; k < 8 * K; ++k) {
        const float a0 = __shfl_sync(0xffffffffu, p.at[k / 8][k % 2], first + k % 8 / 2);
        const float a1 = __shfl_sync(0xffffffffu, p.at[k / 8][2 + k % 2], first + k % 8 / 2);
#pragma unroll
        for (int n = 0; n < N; ++n) {
            const float2 w = *reinterpret_cast<const float2*>(b + k * Stride + 8 * n + lane() % 4 * 2);
            c.at[n][0] += a0 * w.x;
            c.at[n][1] += a0 * w.y;
            c.at[n][2] += a1 * w.x;
            c.at[n][3] += a1 * w.y;
        }
    }
}

} // namespace walt::cuda::detail
