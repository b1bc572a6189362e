// Linear maps and causal convolutions, forward and both gradients.
#pragma once

#include "benchmarks.hpp"

#include <walt/ops/conv3d.hpp>
#include <walt/ops/linear.hpp>

#include <array>

namespace walt::benchmarks {

enum class part { forward, grad_input, grad_weight };
inline constexpr std::array parts{part::forward, part::grad_input, part::grad_weight};
inline std::string name_of_part(part p) {
    return p == part::forward ? "/forward" : p == part::grad_input ? "/grad_input" : "/grad_weight";
}

struct as_it_is {
    void operator()(auto&) const {}
};

/// prepare(ctx): what is set on the context before.
template <class Context, class T, int In, int Out, class Prepare = as_it_is>
void add_linear(const std::string& name, std::int64_t rows, Prepare prepare = {}) {
    for (const part p : parts)
        add<Context>("linear/" + name + "/" + name_of<T>() + name_of_part(p),
                     {.flops = 2.0 * static_cast<double>(rows) * In * Out}, [=](Context& ctx) {
                         prepare(ctx);
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

/// Causal kernels of 3 x 3 x 3, stride 1. Of those, an image is seen by 3 x 3.
template <class Context, class T, int In, int Out> void add_conv(const std::string& name, video_size size) {
    const double taps = size.frames == 1 ? 9 : 27;
    for (const part p : parts)
        add<Context>("conv3d/" + name + "/" + name_of<T>() + name_of_part(p),
                     {.flops = 2 * taps * static_cast<double>(size.positions()) * In * Out}, [=](Context& ctx) {
                         const auto x = size.take<T, In>(ctx.arena);
                         const auto y = size.take<T, Out>(ctx.arena);
                         ops::normal(ctx, philox{1, 1}, x);
                         ops::normal(ctx, philox{1, 2}, y);
                         const auto w = normals<T, Out, 3, 3, 3, In>(ctx, 3);
                         const auto dw = normals<float, Out, 3, 3, 3, In>(ctx, 4);
                         constexpr auto g = conv_geometry::causal({3, 3, 3});
                         const auto b = normals<float, Out>(ctx, 5), db = normals<float, Out>(ctx, 6);
                         return [=, &ctx] {
                             if (p == part::forward) ops::conv3d(ctx, g, x, w, b, y);
                             else if (p == part::grad_input) ops::conv3d_grad_input(ctx, g, y, w, x);
                             else ops::conv3d_grad_weight(ctx, g, x, y, dw, db);
                         };
                     });
}

} // namespace walt::benchmarks
