// The presets on the CPU device in bf16, compiled elsewhere: a unit that includes this header does not compile their
// passes again. For each preset that a program uses, one of its units has the line without `extern`:
//     template struct walt::denoiser<walt::cpu::context, walt::presets::walt_l, walt::bf16>;
// All units are compiled for one processor: what another instruction set has is another type.
#pragma once

#include "config/demo.hpp"
#include "config/presets.hpp"
#include "cpu.hpp"
#include "tokenizer/tokenizer.hpp"
#include "transformer/denoiser.hpp"

extern template struct walt::tokenizer<walt::cpu::context, walt::presets::demo_tokenizer, walt::bf16>;
extern template struct walt::denoiser<walt::cpu::context, walt::presets::demo, walt::bf16>;
extern template struct walt::denoiser<walt::cpu::context, walt::presets::demo_frames, walt::bf16>;
extern template struct walt::denoiser<walt::cpu::context, walt::presets::walt_l, walt::bf16>;
extern template struct walt::denoiser<walt::cpu::context, walt::presets::walt_l_separate, walt::bf16>;
extern template struct walt::denoiser<walt::cpu::context, walt::presets::walt_xl, walt::bf16>;
extern template struct walt::denoiser<walt::cpu::context, walt::presets::imagenet_l, walt::bf16>;
extern template struct walt::denoiser<walt::cpu::context, walt::presets::kinetics_l, walt::bf16>;
extern template struct walt::denoiser<walt::cpu::context, walt::presets::text_to_video_l, walt::bf16>;
extern template struct walt::denoiser<walt::cpu::context, walt::presets::cascade_base, walt::bf16>;
extern template struct walt::denoiser<walt::cpu::context, walt::presets::cascade_base_wide, walt::bf16>;
extern template struct walt::denoiser<walt::cpu::context, walt::presets::cascade_256x448, walt::bf16>;
extern template struct walt::denoiser<walt::cpu::context, walt::presets::cascade_512x896, walt::bf16>;
