// What memory bounds: modulated layer norm and gated residual of the denoiser, group norm + SiLU of the tokenizer,
// GELU, and the optimizer's pass. Bytes are those of the operands, each read or written once.
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

/// AdamW with the compute copy over `count` parameters, and their average.
template <class Context, class T> void add_optimizer(std::int64_t count) {
    struct operands {
        view<trained_block, dynamic> blocks;
        view<float, dynamic> weights, gradient, first, second, average;
        view<T, dynamic> copy;
        view<float, 1> scale;
    };
    const auto make = [=](Context& ctx) {
        std::vector<trained_block> blocks(static_cast<std::size_t>(count) / block_elements);
        for (std::size_t b = 0; b < blocks.size(); ++b) blocks[b] = {static_cast<std::int32_t>(b), 1};
        const auto zeros = [&] {
            const auto taken = ctx.arena.template take<float, dynamic>(count);
            ops::fill(ctx, taken, 0);
            return taken;
        };
        const operands made{to_device<trained_block>(ctx, blocks),
                            normals<float, dynamic>(ctx, 1, count),
                            normals<float, dynamic>(ctx, 2, count),
                            zeros(),
                            zeros(),
                            zeros(),
                            ctx.arena.template take<T, dynamic>(count),
                            ctx.arena.template take<float, 1>()};
        ops::fill(ctx, made.scale, 1);
        return made;
    };
    add<Context>("adamw/" + name_of<T>(), {.bytes = static_cast<double>(count) * (8 * sizeof(float) + sizeof(T))},
                 [=](Context& ctx) {
                     return [o = make(ctx), &ctx] {
                         ops::adamw(ctx, adamw_update{1e-4, 0.9, 0.99, 1e-8, 0.01, 0.1, 0.01}, o.blocks, o.scale.read(),
                                    o.weights, o.gradient, o.first, o.second, o.copy);
                     };
                 });
    add<Context>("average/" + name_of<T>(), {.bytes = static_cast<double>(count) * 3 * sizeof(float)},
                 [=](Context& ctx) {
                     return [o = make(ctx), &ctx] { ops::average(ctx, 0.999, o.blocks, o.weights.read(), o.average); };
                 });
}

} // namespace walt::benchmarks
