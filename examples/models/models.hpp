// The demo's models and a training step of its tokenizer, which most examples use: compiled once, in models.cpp. The
// build shows this header to examples that do not mention it (CMakeLists.txt), so each of those is a program by itself
// too.
#pragma once

#include <walt/presets.hpp>
#include <walt/tokenizer/autoencoding.hpp>

namespace models {

using tokenizer = walt::tokenizer<walt::cpu::context, walt::presets::demo_tokenizer, walt::bf16>;
using autoencoding = walt::autoencoding<tokenizer>;
using sink = walt::gradients<tokenizer::master_type>; // a trainer's

} // namespace models

extern template class walt::autoencoding<models::tokenizer>;
extern template void models::autoencoding::backward(const models::tokenizer&, double, const models::sink&, bool) const;
