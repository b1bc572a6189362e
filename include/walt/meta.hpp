// The meta device: every op counted, none done.
#pragma once

#include "ops/meta/adafactor.hpp"
#include "ops/meta/context.hpp"
#include "ops/meta/conv3d.hpp"
#include "ops/meta/cross_attention.hpp"
#include "ops/meta/depth_to_space.hpp"
#include "ops/meta/diffusion.hpp"
#include "ops/meta/embedding.hpp"
#include "ops/meta/group_norm.hpp"
#include "ops/meta/latent_statistics.hpp"
#include "ops/meta/linear.hpp"
#include "ops/meta/modulated_norm.hpp"
#include "ops/meta/optimizer.hpp"
#include "ops/meta/patches.hpp"
#include "ops/meta/pointwise.hpp"
#include "ops/meta/reconstruction.hpp"
#include "ops/meta/window_attention.hpp"
