// The unit of compiled_preset_test that compiles the preset.
#include <walt/presets.cuh>

template struct walt::denoiser<walt::cuda::context, walt::presets::demo, walt::bf16>;
