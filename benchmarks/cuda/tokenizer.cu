// What tokenizers are made of, at the demo's and at the paper's widths, and the optimizer.
#include "device.cuh"

#include "../ops/norms.hpp"
#include "../ops/products.hpp"

namespace tests {
using namespace walt;
using namespace walt::benchmarks;

namespace {

template <class T> void add_all() {
    using device = walt::cuda::context;
    add_conv<device, T, 64, 64>("demo", {8, 5, 12, 12});
    add_conv<device, T, 128, 128>("walt_tokenizer", {1, 5, 64, 64});
    add_tokenizer<device, T, 64, 4>("demo", 12);
    add_tokenizer<device, T, 128, 32>("walt_tokenizer", 64);
    add_optimizer<device, T>(std::int64_t{1} << 23);
}

[[maybe_unused]] const bool added = (add_all<float>(), add_all<bf16>(), true);

} // namespace

} // namespace tests
