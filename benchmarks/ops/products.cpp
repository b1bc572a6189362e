// Linear maps and causal convolutions on the shapes of the demo, of W.A.L.T-L and of the tokenizers. Beside them
// benchmarks/fraction_of_matmul says what the machine's matrix product itself reaches.
#include "products.hpp"

#include <walt/ops/cpu/conv3d.hpp>
#include <walt/ops/cpu/diffusion.hpp>
#include <walt/ops/cpu/linear.hpp>

using namespace walt;
using namespace walt::benchmarks;

namespace {

template <class T> void add_all() {
    add_linear<cpu::context, T, 256, 768>("demo_qkv", 5760);
    add_linear<cpu::context, T, 256, 1024>("demo_mlp", 5760);
    add_linear<cpu::context, T, 1024, 3072>("walt_l_qkv", 2560);
    add_linear<cpu::context, T, 1024, 4096>("walt_l_mlp", 2560);
    add_conv<cpu::context, T, 64, 64>("demo", {8, 5, 12, 12});
    add_conv<cpu::context, T, 128, 128>("walt_tokenizer", {1, 5, 64, 64});
}

[[maybe_unused]] const bool registered = (add_all<float>(), add_all<bf16>(), true);

} // namespace
