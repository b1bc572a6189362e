#include "models.hpp"

template struct walt::tokenizer<walt::cpu::context, walt::presets::demo_tokenizer, walt::bf16>;
template struct walt::denoiser<walt::cpu::context, walt::presets::demo, walt::bf16>;
template struct walt::denoiser<walt::cpu::context, walt::presets::demo_frames, walt::bf16>;
template class walt::autoencoding<models::tokenizer>;
template void models::autoencoding::backward(const models::tokenizer&, double, const models::sink&, bool) const;
