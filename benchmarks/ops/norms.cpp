// What memory bounds, on the shapes of the demo, of W.A.L.T-L and of the tokenizers.
#include "norms.hpp"

#include <walt/ops/cpu/diffusion.hpp>
#include <walt/ops/cpu/group_norm.hpp>
#include <walt/ops/cpu/modulated_norm.hpp>
#include <walt/ops/cpu/optimizer.hpp>
#include <walt/ops/cpu/pointwise.hpp>

using namespace walt;
using namespace walt::benchmarks;

namespace {

template <class T> void add_all() {
    add_denoiser<cpu::context, T, 256, 36>("demo", 32);
    add_denoiser<cpu::context, T, 1024, 256>("walt_l", 2);
    add_tokenizer<cpu::context, T, 64, 4>("demo", 12);
    add_tokenizer<cpu::context, T, 128, 32>("walt_tokenizer", 64);
    add_optimizer<cpu::context, T>(1 << 23);
}

[[maybe_unused]] const bool registered = (add_all<float>(), add_all<bf16>(), true);

} // namespace
