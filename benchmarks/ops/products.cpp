// Linear maps and causal convolutions on the shapes of the demo, of W.A.L.T-L and of the tokenizers; linear maps by
// walt's products and by oneDNN's. `block` is the loop of walt's products in the nearest cache, on one core.
#include "products.hpp"

#include <walt/ops/cpu/conv3d.hpp>
#include <walt/ops/cpu/diffusion.hpp>
#include <walt/ops/cpu/linear.hpp>

using namespace walt;
using namespace walt::benchmarks;

namespace {

template <class T> void add_block() {
    constexpr std::int64_t depth = 64, blocks = 1000; // units, and blocks a run
    const double products = 2.0 * cpu::detail::block_height * cpu::detail::panel_width * depth * (4.0 / sizeof(T));
    add<cpu::context>("block/" + name_of<T>(), {.flops = products * blocks}, [](cpu::context& ctx) {
        const auto left = normals<T, dynamic>(ctx, 1, depth * cpu::detail::block_height * 2);
        const auto right = normals<T, dynamic>(ctx, 2, depth * cpu::detail::panel_width * 2);
        return [left, right] {
            const cpu::detail::unit_in_memory* rows[cpu::detail::block_height];
            for (int i = 0; i < cpu::detail::block_height; ++i)
                rows[i] = reinterpret_cast<const cpu::detail::unit_in_memory*>(left.data()) + i * depth;
            alignas(64) cpu::detail::block_sums sums;
            for (int i = 0; i < blocks; ++i) {
                cpu::detail::product_block<T, cpu::detail::block_vectors>(
                    depth, rows, 1, reinterpret_cast<const float*>(right.data()), sums);
                benchmark::DoNotOptimize(sums);
            }
        };
    });
}

template <class T> void add_linears(const std::string& by, cpu::multiplier products) {
    const auto prepare = [products](cpu::context& ctx) { ctx.products = products; };
    add_linear<cpu::context, T, 256, 768>("demo_qkv/" + by, 5760, prepare);
    add_linear<cpu::context, T, 256, 1024>("demo_mlp/" + by, 5760, prepare);
    add_linear<cpu::context, T, 1024, 3072>("walt_l_qkv/" + by, 2560, prepare);
    add_linear<cpu::context, T, 1024, 4096>("walt_l_mlp/" + by, 2560, prepare);
}

template <class T> void add_all() {
    if constexpr (std::same_as<cpu::operand_t<T>, T>) add_block<T>();
    add_linears<T>("walt", cpu::multiplier::vectors);
    add_linears<T>("onednn", cpu::multiplier::onednn);
    add_conv<cpu::context, T, 64, 64>("demo", {8, 5, 12, 12});
    add_conv<cpu::context, T, 128, 128>("walt_tokenizer", {1, 5, 64, 64});
    add_conv<cpu::context, T, 32, 32>("clip", {1, 16, 48, 48});
    add_conv<cpu::context, T, 32, 32>("images", {4, 1, 96, 96}); // as many pixels
}

[[maybe_unused]] const bool registered = (add_all<float>(), add_all<bf16>(), true);

} // namespace
