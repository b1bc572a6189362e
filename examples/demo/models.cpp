// The demo's models, compiled once: its other units only call them (walt/presets.hpp).
#include "demo.hpp"

template struct walt::tokenizer<demo::device, walt::presets::demo_tokenizer, walt::bf16>;
template struct walt::denoiser<demo::device, walt::presets::demo, walt::bf16>;
template struct walt::denoiser<demo::device, walt::presets::demo_frames, walt::bf16>;
