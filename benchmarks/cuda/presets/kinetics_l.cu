#include "../preset.cuh"

template struct walt::denoiser<walt::cuda::context, walt::presets::kinetics_l, walt::bf16>;

namespace {
[[maybe_unused]] const bool added = walt::benchmarks::add_preset<walt::presets::kinetics_l>("kinetics_l");
}
