// The CPU device: every op, fast where it counts. Needs oneDNN and OpenMP (CMake: walt::cpu).
#pragma once

#if defined(__CUDACC__)
#error "nvcc cannot compile walt/cpu.hpp (vector extensions): what runs on walt::cpu belongs into a .cpp file"
#endif

#include "ops/cpu/adafactor.hpp"
#include "ops/cpu/attention_head.hpp"
#include "ops/cpu/attention_rows.hpp"
#include "ops/cpu/context.hpp"
#include "ops/cpu/conv3d.hpp"
#include "ops/cpu/cross_attention.hpp"
#include "ops/cpu/depth_to_space.hpp"
#include "ops/cpu/diffusion.hpp"
#include "ops/cpu/embedding.hpp"
#include "ops/cpu/float_vector.hpp"
#include "ops/cpu/group_norm.hpp"
#include "ops/cpu/lane_sums.hpp"
#include "ops/cpu/linear.hpp"
#include "ops/cpu/modulated_norm.hpp"
#include "ops/cpu/onednn.hpp"
#include "ops/cpu/onednn_convolution.hpp"
#include "ops/cpu/optimizer.hpp"
#include "ops/cpu/parallel.hpp"
#include "ops/cpu/patches.hpp"
#include "ops/cpu/pointwise.hpp"
#include "ops/cpu/reconstruction.hpp"
#include "ops/cpu/small_product.hpp"
#include "ops/cpu/tile_registers.hpp"
#include "ops/cpu/unit_matrix.hpp"
#include "ops/cpu/vector_math.hpp"
#include "ops/cpu/window_attention.hpp"
#include "reference.hpp"
