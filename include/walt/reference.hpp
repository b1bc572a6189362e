// The reference device: every op as plain loops.
#pragma once

#include "ops/reference/context.hpp"
#include "ops/reference/conv3d.hpp"
#include "ops/reference/cross_attention.hpp"
#include "ops/reference/depth_to_space.hpp"
#include "ops/reference/diffusion.hpp"
#include "ops/reference/embedding.hpp"
#include "ops/reference/group_norm.hpp"
#include "ops/reference/head_norm.hpp"
#include "ops/reference/latent_statistics.hpp"
#include "ops/reference/linear.hpp"
#include "ops/reference/modulated_norm.hpp"
#include "ops/reference/optimizer.hpp"
#include "ops/reference/patches.hpp"
#include "ops/reference/pointwise.hpp"
#include "ops/reference/reconstruction.hpp"
#include "ops/reference/window_attention.hpp"
