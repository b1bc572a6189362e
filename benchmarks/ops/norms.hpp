// What memory bounds: modulated layer norm and gated residual of the denoiser, group norm + SiLU of the tokenizer, GELU, and
// the optimizer's pass. Bytes are those of the operands, each read or written once.
#pragma once

#include "benchmarks.hpp"

#include <walt/ops/group_norm.hpp>
#include <walt/ops/modulated_norm.hpp>
#include <walt/ops/optimizer.hpp>
#include <walt/ops/pointwise.hpp>

namespace walt::benchmarks {

/// `samples` samples of 5 frames of PerFrame tokens of width D.
template <class Context, class T, int D, int PerFrame>
void add_denoiser(const std::string& name, std::int64_t samples) {
    const std::int64_t frames = 5 * samples, rows = frames * PerFrame;
    const auto elements = static_cast<double>(rows * D);
    const auto add_part = [&](const std::string& op, double bytes_per_element, auto part) {
        add<Context>(op + "/" + name + "/" + name_of<T>(), {.bytes = elements * bytes_per_element}, [=](Context& ctx) {
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
template <class Context, class T, int C, int G> void add_tokenizer(const std::string& name, std::int64_t side) {
    const video_size size{8, 5, side, side};
    const auto elements = static_cast<double>(size.positions() * C);
    const auto make = [=](bool backward) {
        return [=](Context& ctx) {
            const auto x = size.take<T, C>(ctx.arena), y = size.take<T, C>(ctx.arena), dx = size.take<T, C>(ctx.arena);
            ops::normal(ctx, philox{1, 1}, x);
            ops::normal(ctx, philox{1, 2}, y);
            const auto scale = normals<float, dynamic, C>(ctx, 3, std::int64_t{1}),
                       shift = normals<float, dynamic, C>(ctx, 4, std::int64_t{1});
            const auto dscale = normals<float, dynamic, C>(ctx, 5, std::int64_t{1}),
                       dshift = normals<float, dynamic, C>(ctx, 6, std::int64_t{1});
            const auto statistics = ctx.arena.template take<float, dynamic, G, 2>(size.batch * size.frames);
            ops::group_norm<activation::silu>(ctx, x, scale, shift, {}, dx, statistics);
            return [=, &ctx] {
                if (backward)
                    ops::group_norm_grad<activation::silu>(ctx, x, scale, shift, {}, statistics, y, dx, dscale, dshift);
                else ops::group_norm<activation::silu>(ctx, x, scale, shift, {}, y, statistics);
            };
        };
    };
    add<Context>("group_norm/" + name + "/" + name_of<T>() + "/forward", {.bytes = 2 * elements * sizeof(T)},
                 make(false));
    add<Context>("group_norm/" + name + "/" + name_of<T>() + "/backward", {.bytes = 3 * elements * sizeof(T)},
                 make(true));
}

/// AdamW, average and compute copy over `count` parameters.
template <class Context, class T> void add_optimizer(std::int64_t count) {
    add<Context>("adamw/" + name_of<T>(), {.bytes = static_cast<double>(count) * (10 * sizeof(float) + sizeof(T))},
                 [=](Context& ctx) {
                     const auto weights = normals<float, dynamic>(ctx, 1, count),
                                gradient = normals<float, dynamic>(ctx, 2, count);
                     const auto first = ctx.arena.template take<float, dynamic>(count),
                                second = ctx.arena.template take<float, dynamic>(count);
                     const auto average = ctx.arena.template take<float, dynamic>(count);
                     const auto copy = ctx.arena.template take<T, dynamic>(count);
                     const auto kinds = to_device<std::uint8_t>(
                         ctx, std::vector<std::uint8_t>(static_cast<std::size_t>(count / 64), block_decayed));
                     for (const auto& x : {first, second, average}) ops::fill(ctx, x, 0);
                     const auto squares = ctx.arena.template take<double, 1>();
                     const auto losses = normals<float, dynamic>(ctx, 3, std::int64_t{1});
                     ops::sum_of_squares(ctx, gradient, squares);
                     return [=, &ctx] {
                         ops::adamw(ctx, {1e-4, 0.9, 0.99, 1e-8, 0.01, 0.1, 0.01, 1, 1, 0.999}, kinds, squares.read(),
                                    losses.read(), weights, gradient, first, second, average, copy);
                     };
                 });
}

} // namespace walt::benchmarks
