// The meta device: every op counted, none done.
#pragma once

#include "ops/meta/context.hpp"
#include "ops/meta/cross_attention.hpp"
#include "ops/meta/diffusion.hpp"
#include "ops/meta/embedding.hpp"
#include "ops/meta/linear.hpp"
#include "ops/meta/modulated_norm.hpp"
#include "ops/meta/patches.hpp"
#include "ops/meta/pointwise.hpp"
#include "ops/meta/window_attention.hpp"
