// How fast the CPU's attentions and modulated norms are on the shapes of the demo and of W.A.L.T-L, float and bf16.
// GFLOP/s count the products only: two forward (q k and p v), five backward.
#include <walt/config/window.hpp>
#include <walt/ops/cpu/cross_attention.hpp>
#include <walt/ops/cpu/modulated_norm.hpp>
#include <walt/ops/cpu/window_attention.hpp>
#include <walt/testing/gradient_check.hpp>

#include <benchmark/benchmark.h>

using namespace walt;

namespace {

/// A frame of Side x Side tokens: windows are whole frames (Wt = 1) or tiles of Tile x Tile in five frames.
template <int Side, int Tile, int Wt, int Heads, int HeadDim>
using shape = attention_shape<token_order<Side, Side, Side, Side, Tile, Tile>, 5, Wt, Wt == 1 ? Side : Tile, Wt == 1 ? Side : Tile, Heads,
                              HeadDim, true, image_rule::identity>;

template <class Shape, class T> void window_attention(benchmark::State& state) {
    constexpr int D = Shape::width, Dh = Shape::head_dim;
    const std::int64_t batch = state.range(0), rows = batch * Shape::frames * Shape::per_frame;
    cpu::context ctx;
    const auto qkv = ctx.arena.take<T, dynamic, 3 * D>(rows), dqkv = ctx.arena.take<T, dynamic, 3 * D>(rows);
    const auto out = ctx.arena.take<T, dynamic, D>(rows), dout = ctx.arena.take<T, dynamic, D>(rows);
    const auto lse = ctx.arena.take<float, dynamic, Shape::heads>(rows);
    const auto norm = ctx.arena.take<float, Dh>(), dq_norm = ctx.arena.take<float, Dh>(), dk_norm = ctx.arena.take<float, Dh>();
    const auto bias = ctx.arena.take<float, Shape::heads, Shape::bias_size>(), dbias = ctx.arena.take<float, Shape::heads, Shape::bias_size>();
    const auto is_image = ctx.arena.take<std::uint8_t, dynamic>(batch);
    testing::fill_normal(qkv, 1);
    testing::fill_normal(dout, 2);
    testing::fill_normal(norm, 3, 0.1, 1);
    testing::fill_normal(bias, 4, 0.1);
    std::fill_n(is_image.data(), batch, std::uint8_t{0});

    ops::window_attention<Shape>(ctx, qkv, norm, norm, bias, is_image, out, lse);
    const bool backward = state.range(1);
    for (auto _ : state) {
        if (backward) ops::window_attention_grad<Shape>(ctx, qkv, norm, norm, bias, is_image, out, lse, dout, dqkv, dq_norm, dk_norm, dbias);
        else ops::window_attention<Shape>(ctx, qkv, norm, norm, bias, is_image, out, lse);
    }
    const double product = 2.0 * static_cast<double>(rows) * Shape::tokens * D;
    state.counters["GFLOP/s"] = benchmark::Counter((backward ? 5 : 2) * product * 1e-9, benchmark::Counter::kIsIterationInvariantRate);
}

template <class Shape, class T> void cross_attention(benchmark::State& state) {
    constexpr int D = Shape::width, Dh = Shape::head_dim, N = Shape::per_frame, M = Shape::text_tokens, frames = 5;
    const std::int64_t batch = state.range(0), rows = batch * frames * N;
    cpu::context ctx;
    const auto q = ctx.arena.take<T, dynamic, D>(rows), dq = ctx.arena.take<T, dynamic, D>(rows);
    const auto kv = ctx.arena.take<T, dynamic, 2 * D>(rows), dkv = ctx.arena.take<T, dynamic, 2 * D>(rows);
    const auto text_kv = ctx.arena.take<T, dynamic, 2 * D>(batch * M), dtext_kv = ctx.arena.take<T, dynamic, 2 * D>(batch * M);
    const auto out = ctx.arena.take<T, dynamic, D>(rows), dout = ctx.arena.take<T, dynamic, D>(rows);
    const auto lse = ctx.arena.take<float, dynamic, Shape::heads>(rows);
    const auto norm = ctx.arena.take<float, Dh>(), dq_norm = ctx.arena.take<float, Dh>(), dk_norm = ctx.arena.take<float, Dh>();
    const auto text_row = ctx.arena.take<std::int32_t, dynamic>(batch * frames);
    const auto text_valid = ctx.arena.take<std::uint8_t, dynamic>(batch * M);
    testing::fill_normal(q, 1);
    testing::fill_normal(kv, 2);
    testing::fill_normal(text_kv, 3);
    testing::fill_normal(dout, 4);
    testing::fill_normal(norm, 5, 0.1, 1);
    for (std::int64_t f = 0; f < batch * frames; ++f) text_row(f) = static_cast<std::int32_t>(f / frames);
    std::fill_n(text_valid.data(), batch * M, std::uint8_t{1});

    ops::cross_attention<Shape>(ctx, q, kv, text_kv, text_row, text_valid, norm, norm, out, lse);
    const bool backward = state.range(1);
    for (auto _ : state) {
        if (backward)
            ops::cross_attention_grad<Shape>(ctx, q, kv, text_kv, text_row, text_valid, norm, norm, out, lse, dout, dq, dkv, dtext_kv, dq_norm, dk_norm);
        else ops::cross_attention<Shape>(ctx, q, kv, text_kv, text_row, text_valid, norm, norm, out, lse);
    }
    const double product = 2.0 * static_cast<double>(rows) * (N + M) * D;
    state.counters["GFLOP/s"] = benchmark::Counter((backward ? 5 : 2) * product * 1e-9, benchmark::Counter::kIsIterationInvariantRate);
}

template <int D, int PerFrame, class T> void norms(benchmark::State& state) {
    constexpr int M = 6 * D;
    const std::int64_t rows = state.range(0), frames = rows / PerFrame;
    cpu::context ctx;
    const auto h = ctx.arena.take<float, dynamic, D>(rows), dh = ctx.arena.take<float, dynamic, D>(rows);
    const auto y = ctx.arena.take<T, dynamic, D>(rows), dy = ctx.arena.take<T, dynamic, D>(rows);
    const auto modulation = ctx.arena.take<float, dynamic, M>(frames), dmodulation = ctx.arena.take<float, dynamic, M>(frames);
    testing::fill_normal(h, 1);
    testing::fill_normal(dy, 2);
    testing::fill_normal(modulation, 3, 0.1);
    std::fill_n(dh.data(), dh.size(), 0.0f);
    ops::modulated_norm(ctx, h, modulation, 0, y);
    for (auto _ : state) switch (state.range(1)) {
        case 0: ops::modulated_norm(ctx, h, modulation, 0, y); break;
        case 1: ops::modulated_norm_grad(ctx, h, modulation, 0, dy, dh, dmodulation); break;
        case 2: ops::gated_residual(ctx, h, modulation, 2, y, dh); break;
        case 3: ops::gated_residual_grad(ctx, h, modulation, 2, y, dy, dmodulation); break;
        }
}

/// Registers a benchmark of `amount` samples or rows, once for each of its parts.
template <class Function> void add(const std::string& name, Function* function, std::int64_t amount, const std::vector<std::string>& parts) {
    for (std::size_t part = 0; part < parts.size(); ++part)
        benchmark::RegisterBenchmark((name + "/" + parts[part]).c_str(), function)
            ->Args({amount, static_cast<std::int64_t>(part)})
            ->UseRealTime()
            ->Unit(benchmark::kMillisecond);
}

template <class Shape> void add_window(const std::string& name, std::int64_t batch) {
    add("window/" + name + "/float", window_attention<Shape, float>, batch, {"forward", "backward"});
    add("window/" + name + "/bf16", window_attention<Shape, bf16>, batch, {"forward", "backward"});
}
template <class Shape> void add_cross(const std::string& name, std::int64_t batch) {
    add("cross/" + name + "/float", cross_attention<Shape, float>, batch, {"forward", "backward"});
    add("cross/" + name + "/bf16", cross_attention<Shape, bf16>, batch, {"forward", "backward"});
}
template <int D, int PerFrame> void add_norms(std::int64_t rows) {
    const std::vector<std::string> parts{"norm", "norm_grad", "gate", "gate_grad"};
    add("norms/" + std::to_string(D) + "/float", norms<D, PerFrame, float>, rows, parts);
    add("norms/" + std::to_string(D) + "/bf16", norms<D, PerFrame, bf16>, rows, parts);
}

[[maybe_unused]] const bool registered = [] {
    add_window<shape<6, 6, 1, 6, 32>>("demo_space", 64);
    add_window<shape<6, 6, 5, 6, 32>>("demo_time", 64);
    add_window<shape<6, 6, 1, 4, 64>>("wide_space", 64);
    add_window<shape<6, 6, 5, 4, 64>>("wide_time", 64);
    add_window<shape<8, 4, 1, 6, 32>>("eight_space", 32);
    add_window<shape<8, 4, 5, 6, 32>>("eight_time", 32);
    add_window<shape<16, 8, 1, 16, 64>>("large_space", 2);
    add_window<shape<16, 8, 5, 16, 64>>("large_time", 2);
    add_cross<cross_shape<36, 8, 6, 32, true>>("demo", 64);
    add_cross<cross_shape<256, 8, 16, 64, true>>("large", 2);
    add_norms<256, 36>(5760);
    add_norms<1024, 256>(2560);
    return true;
}();

} // namespace
