#include "../preset.cuh"

template struct walt::denoiser<walt::cuda::context, walt::presets::cascade_base_wide, walt::bf16>;

namespace {
[[maybe_unused]] const bool added = walt::benchmarks::add_preset<walt::presets::cascade_base_wide>("cascade_base_wide");
}
