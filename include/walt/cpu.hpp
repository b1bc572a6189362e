// The CPU device: every op, fast where it counts. Needs oneDNN and OpenMP (CMake: walt::cpu).
#pragma once

#include "reference.hpp"
#include "ops/cpu/causal_conv3d.hpp"
#include "ops/cpu/context.hpp"
#include "ops/cpu/depth_to_space.hpp"
#include "ops/cpu/diffusion.hpp"
#include "ops/cpu/embedding.hpp"
#include "ops/cpu/linear.hpp"
#include "ops/cpu/modulated_norm.hpp"
#include "ops/cpu/onednn.hpp"
#include "ops/cpu/onednn_convolution.hpp"
#include "ops/cpu/patches.hpp"
#include "ops/cpu/pointwise.hpp"
#include "ops/cpu/vector_math.hpp"
