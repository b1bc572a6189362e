#include "../preset.cuh"

template struct walt::denoiser<walt::cuda::context, walt::presets::cascade_256x448, walt::bf16>;

namespace {
[[maybe_unused]] const bool added = walt::benchmarks::add_preset<walt::presets::cascade_256x448>("cascade_256x448");
}
