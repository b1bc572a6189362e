// Linear maps and causal convolutions, forward and both gradients, on the shapes of the demo, of W.A.L.T-L and of the
// tokenizers. Beside them benchmarks/fraction_of_matmul says what the machine's matrix product itself reaches.
#include "benchmarks.hpp"

#include <walt/ops/cpu/causal_conv3d.hpp>
#include <walt/ops/cpu/linear.hpp>

#include <array>

using namespace walt;
using namespace walt::benchmarks;

namespace {

enum class part { forward, grad_input, grad_weight };
constexpr std::array parts{part::forward, part::grad_input, part::grad_weight};
std::string name_of_part(part p) {
    return p == part::forward ? "/forward" : p == part::grad_input ? "/grad_input" : "/grad_weight";
}

template <class T, int In, int Out> void add_linear(const std::string& name, std::int64_t rows) {
    for (const part p : parts)
        add("linear/" + name + "/" + name_of<T>() + name_of_part(p),
            {.flops = 2.0 * static_cast<double>(rows) * In * Out}, [=](cpu::context& ctx) {
                const auto x = normals<T, dynamic, In>(ctx, 1, rows);
                const auto y = normals<T, dynamic, Out>(ctx, 2, rows);
                const auto w = normals<T, Out, In>(ctx, 3);
                const auto dw = normals<float, Out, In>(ctx, 4);
                const auto b = normals<float, Out>(ctx, 5), db = normals<float, Out>(ctx, 6);
                return [=, &ctx] {
                    if (p == part::forward) ops::linear(ctx, x, w, b, y);
                    else if (p == part::grad_input) ops::linear_grad_input(ctx, y, w, x);
                    else ops::linear_grad_weight(ctx, x, y, dw, db);
                };
            });
}

/// Kernels of 3 x 3 x 3, stride 1.
template <class T, int In, int Out> void add_conv(const std::string& name, video_size size) {
    for (const part p : parts)
        add("causal_conv3d/" + name + "/" + name_of<T>() + name_of_part(p),
            {.flops = 2.0 * 27 * static_cast<double>(size.positions()) * In * Out}, [=](cpu::context& ctx) {
                const auto x = size.take<T, In>(ctx.arena);
                const auto y = size.take<T, Out>(ctx.arena);
                testing::fill_normal(x, 1);
                testing::fill_normal(y, 2);
                const auto w = normals<T, Out, 3, 3, 3, In>(ctx, 3);
                const auto dw = normals<float, Out, 3, 3, 3, In>(ctx, 4);
                const auto b = normals<float, Out>(ctx, 5), db = normals<float, Out>(ctx, 6);
                return [=, &ctx] {
                    if (p == part::forward) ops::causal_conv3d(ctx, {}, x, w, b, y);
                    else if (p == part::grad_input) ops::causal_conv3d_grad_input(ctx, {}, y, w, x);
                    else ops::causal_conv3d_grad_weight(ctx, {}, x, y, dw, db);
                };
            });
}

template <class T> void add_all() {
    add_linear<T, 256, 768>("demo_qkv", 5760);
    add_linear<T, 256, 1024>("demo_mlp", 5760);
    add_linear<T, 1024, 3072>("walt_l_qkv", 2560);
    add_linear<T, 1024, 4096>("walt_l_mlp", 2560);
    add_conv<T, 64, 64>("demo", {8, 5, 12, 12});
    add_conv<T, 128, 128>("walt_tokenizer", {1, 5, 64, 64});
}

[[maybe_unused]] const bool registered = (add_all<float>(), add_all<bf16>(), true);

} // namespace
