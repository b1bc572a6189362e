// The CUDA device: every op on NVIDIA GPUs of compute capability 8.0 or newer. For .cu files; needs cuBLASLt and cuDNN
// (CMake: walt::cuda).
#pragma once

#include "reference.hpp"
#include "ops/cuda/check.cuh"
#include "ops/cuda/context.cuh"
#include "ops/cuda/cublaslt.cuh"
#include "ops/cuda/diffusion.cuh"
#include "ops/cuda/elementwise.cuh"
#include "ops/cuda/embedding.cuh"
#include "ops/cuda/linear.cuh"
#include "ops/cuda/memory.cuh"
#include "ops/cuda/modulated_norm.cuh"
#include "ops/cuda/optimizer.cuh"
#include "ops/cuda/patches.cuh"
#include "ops/cuda/pointwise.cuh"
#include "ops/cuda/reduce.cuh"
#include "ops/cuda/row_share.cuh"
