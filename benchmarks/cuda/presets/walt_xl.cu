#include "../preset.cuh"

template struct walt::denoiser<walt::cuda::context, walt::presets::walt_xl, walt::bf16>;

namespace {
[[maybe_unused]] const bool added = walt::benchmarks::add_preset<walt::presets::walt_xl>("walt_xl");
}
