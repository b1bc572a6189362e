#include "../preset.cuh"

template struct walt::denoiser<walt::cuda::context, walt::presets::walt_l, walt::bf16>;

namespace {
[[maybe_unused]] const bool added = walt::benchmarks::add_preset<walt::presets::walt_l>("walt_l");
}
