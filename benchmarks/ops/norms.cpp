// What memory bounds: modulated layer norm and gated residual of the denoiser, group norm + SiLU of the tokenizer, GELU,
// and the optimizer's pass. Bytes are those of the operands, each read or written once.
#include "benchmarks.hpp"

#include <walt/ops/cpu/group_norm.hpp>
#include <walt/ops/cpu/modulated_norm.hpp>
#include <walt/ops/cpu/optimizer.hpp>
#include <walt/ops/cpu/pointwise.hpp>

using namespace walt;
using namespace walt::benchmarks;

namespace {

/// `samples` samples of 5 frames of PerFrame tokens of width D.
template <class T, int D, int PerFrame> void add_denoiser(const std::string& name, std::int64_t samples) {
    const std::int64_t frames = 5 * samples, rows = frames * PerFrame;
    const auto elements = static_cast<double>(rows * D);
    const auto add_part = [&](const std::string& op, double bytes_per_element, auto part) {
        add(op + "/" + name + "/" + name_of<T>(), {.bytes = elements * bytes_per_element}, [=](cpu::context& ctx) {
            const auto h = normals<float, dynamic, D>(ctx, 1, rows), dh = normals<float, dynamic, D>(ctx, 2, rows);
            const auto y = normals<T, dynamic, D>(ctx, 3, rows), dy = normals<T, dynamic, D>(ctx, 4, rows);
            const auto modulation = normals<float, dynamic, 3 * D>(ctx, 5, frames),
                       dmodulation = normals<float, dynamic, 3 * D>(ctx, 6, frames);
            return [=, &ctx] { part(ctx, h, dh, y, dy, modulation, dmodulation); };
        });
    };
    constexpr double a = sizeof(float), t = sizeof(T);
    add_part("modulated_norm", a + t,
             [](auto& ctx, auto h, auto, auto y, auto, auto m, auto) { ops::modulated_norm(ctx, h, m, 0, y); });
    add_part("modulated_norm_grad", 3 * a + t, [](auto& ctx, auto h, auto dh, auto, auto dy, auto m, auto dm) {
        ops::modulated_norm_grad(ctx, h, m, 0, dy, dh, dm);
    });
    add_part("gated_residual", 2 * a + t, [](auto& ctx, auto h, auto next, auto y, auto, auto m, auto) {
        ops::gated_residual(ctx, h, m, 2, y, next);
    });
    add_part("gated_residual_grad", a + 2 * t, [](auto& ctx, auto, auto dh, auto y, auto dy, auto m, auto dm) {
        ops::gated_residual_grad(ctx, dh, m, 2, y, dy, dm);
    });
    add_part("gelu", 2 * t,
             [](auto& ctx, auto, auto, auto y, auto dy, auto, auto) { ops::activate<activation::gelu>(ctx, y, dy); });
}

/// 8 clips of 5 frames of Side x Side positions, C channels in G groups.
template <class T, int C, int G> void add_tokenizer(const std::string& name, std::int64_t side) {
    const video_size size{8, 5, side, side};
    const auto elements = static_cast<double>(size.positions() * C);
    const auto make = [=](bool backward) {
        return [=](cpu::context& ctx) {
            const auto x = size.take<T, C>(ctx.arena), y = size.take<T, C>(ctx.arena), dx = size.take<T, C>(ctx.arena);
            testing::fill_normal(x, 1);
            testing::fill_normal(y, 2);
            const auto scale = normals<float, dynamic, C>(ctx, 3, std::int64_t{1}),
                       shift = normals<float, dynamic, C>(ctx, 4, std::int64_t{1});
            const auto dscale = normals<float, dynamic, C>(ctx, 5, std::int64_t{1}),
                       dshift = normals<float, dynamic, C>(ctx, 6, std::int64_t{1});
            const auto statistics = ctx.arena.take<float, dynamic, G, 2>(size.batch * size.frames);
            ops::group_norm<activation::silu>(ctx, x, scale, shift, {}, dx, statistics);
            return [=, &ctx] {
                if (backward)
                    ops::group_norm_grad<activation::silu>(ctx, x, scale, shift, {}, statistics, y, dx, dscale, dshift);
                else ops::group_norm<activation::silu>(ctx, x, scale, shift, {}, y, statistics);
            };
        };
    };
    add("group_norm/" + name + "/" + name_of<T>() + "/forward", {.bytes = 2 * elements * sizeof(T)}, make(false));
    add("group_norm/" + name + "/" + name_of<T>() + "/backward", {.bytes = 3 * elements * sizeof(T)}, make(true));
}

/// AdamW, average and compute copy over `count` parameters.
template <class T> void add_optimizer(std::int64_t count) {
    add("adamw/" + name_of<T>(), {.bytes = static_cast<double>(count) * (10 * sizeof(float) + sizeof(T))},
        [=](cpu::context& ctx) {
            const auto weights = normals<float, dynamic>(ctx, 1, count),
                       gradient = normals<float, dynamic>(ctx, 2, count);
            const auto first = ctx.arena.take<float, dynamic>(count), second = ctx.arena.take<float, dynamic>(count);
            const auto average = ctx.arena.take<float, dynamic>(count);
            const auto copy = ctx.arena.take<T, dynamic>(count);
            const auto kinds = ctx.arena.take<std::uint8_t, dynamic>(count / 64);
            for (const auto& x : {first, second, average}) std::fill_n(x.data(), count, 0.0f);
            std::fill_n(kinds.data(), count / 64, std::uint8_t{block_decayed});
            return [=, &ctx] {
                ops::adamw(ctx, {1e-4, 0.9, 0.99, 1e-8, 0.01, 0.1, 0.01, 1, 0.999}, kinds, weights, gradient, first,
                           second, average, copy);
            };
        });
}

template <class T> void add_all() {
    add_denoiser<T, 256, 36>("demo", 32);
    add_denoiser<T, 1024, 256>("walt_l", 2);
    add_tokenizer<T, 64, 4>("demo", 12);
    add_tokenizer<T, 128, 32>("walt_tokenizer", 64);
    add_optimizer<T>(1 << 23);
}

[[maybe_unused]] const bool registered = (add_all<float>(), add_all<bf16>(), true);

} // namespace
