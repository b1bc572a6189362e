// The attention kernels keep logits times log2 e, so that a softmax's exponentials are powers of 2, for which the GPU
// has an instruction.
#pragma once

#include <cuda_runtime.h>

namespace walt::cuda::detail {

inline constexpr float log2_e = 1.44269504f, ln_2 = 0.693147181f;

/// 2^x within 2 units of the last place; 0 where that is less than 2^-126.
__device__ inline float power_of_2(float x) {
    float y;
    asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
    return y;
}

} // namespace walt::cuda::detail
