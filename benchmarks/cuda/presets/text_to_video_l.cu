#include "../preset.cuh"

template struct walt::denoiser<walt::cuda::context, walt::presets::text_to_video_l, walt::bf16>;

namespace {
[[maybe_unused]] const bool added = walt::benchmarks::add_preset<walt::presets::text_to_video_l>("text_to_video_l");
}
