// What the denoiser does around its blocks: patches, position tables, and the loss. Memory bounds all of it; bytes are
// those of the operands.
#pragma once

#include "benchmarks.hpp"

#include <walt/ops/embedding.hpp>
#include <walt/ops/patches.hpp>

namespace walt::benchmarks {

/// Latents [samples, F, H, W, C] in patches of P, and tokens of width D in the order of the windows.
template <class Context, class Order, int F, int H, int W, int C, int P, int D, class T>
void add_inputs(const std::string& name, std::int64_t samples) {
    constexpr int tokens = Order::tokens, patch = C * P * P;
    const std::int64_t frames = samples * F, rows = frames * tokens;
    const double latents = static_cast<double>(frames) * H * W * C, stream = static_cast<double>(rows) * D;
    const auto add_part = [&](const std::string& op, double bytes, auto part) {
        add<Context>(op + "/" + name + "/" + name_of<T>(), {.bytes = bytes}, [=](Context& ctx) {
            const auto latent = normals<float, dynamic, F, H, W, C>(ctx, 1, samples),
                       other = normals<float, dynamic, F, H, W, C>(ctx, 2, samples),
                       slope = normals<float, dynamic, F, H, W, C>(ctx, 3, samples);
            const auto patches = normals<T, dynamic, patch>(ctx, 4, rows);
            const auto h = normals<float, dynamic, D>(ctx, 5, rows);
            const auto space = normals<float, tokens, D>(ctx, 6);
            const auto time = normals<float, F, D>(ctx, 7);
            const auto weight = normals<float, dynamic>(ctx, 8, frames);
            const auto loss = ctx.arena.template take<float, 1>();
            const auto is_image =
                to_device<std::uint8_t>(ctx, std::vector<std::uint8_t>(static_cast<std::size_t>(samples), 0));
            return [=, &ctx] { part(ctx, latent, other, slope, patches, h, space, time, is_image, weight, loss); };
        });
    };
    const double t = sizeof(T), a = sizeof(float);
    add_part("patchify", latents * (a + t), [](auto& ctx, auto latent, auto, auto, auto patches, auto...) {
        ops::patchify<Order, P>(ctx, latent, none{}, patches, 0);
    });
    add_part("unpatchify", latents * (a + t), [](auto& ctx, auto latent, auto, auto, auto patches, auto...) {
        ops::unpatchify<Order, P>(ctx, patches, 0, none{}, latent);
    });
    add_part("add_positions", 2 * stream * a,
             [](auto& ctx, auto, auto, auto, auto, auto h, auto space, auto time, auto is_image, auto...) {
                 ops::add_positions<Order>(ctx, h, space, time, is_image);
             });
    add_part("add_positions_grad", stream * a,
             [](auto& ctx, auto, auto, auto, auto, auto h, auto space, auto time, auto is_image, auto...) {
                 ops::add_positions_grad<Order>(ctx, h, is_image, space, time);
             });
    add_part("square_error", 3 * latents * a,
             [](auto& ctx, auto latent, auto other, auto slope, auto, auto, auto, auto, auto, auto weight, auto loss) {
                 ops::square_error(ctx, latent, other, weight, loss, slope);
             });
}

} // namespace walt::benchmarks
