#include "../preset.cuh"

template struct walt::denoiser<walt::cuda::context, walt::presets::imagenet_l, walt::bf16>;

namespace {
[[maybe_unused]] const bool added = walt::benchmarks::add_preset<walt::presets::imagenet_l>("imagenet_l");
}
