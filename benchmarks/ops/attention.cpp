// Window attention and cross-attention on the shapes of the demo and of W.A.L.T-L. Operations are those of the products
// alone: two forward (q k^T and p v), five backward.
#include "benchmarks.hpp"

#include <walt/config/window.hpp>
#include <walt/ops/cpu/cross_attention.hpp>
#include <walt/ops/cpu/window_attention.hpp>

using namespace walt;
using namespace walt::benchmarks;

namespace {

/// Frames of Side x Side tokens: windows are whole frames (Wt = 1) or tiles of Tile x Tile through all five frames.
template <int Side, int Tile, int Wt, int Heads, int HeadDim> using window_of =
    attention_shape<token_order<Side, Side, Side, Side, Tile, Tile>, 5, Wt, Wt == 1 ? Side : Tile,
                    Wt == 1 ? Side : Tile, Heads, HeadDim, true, image_rule::identity>;

template <class Shape, class T> auto window_attention(cpu::context& ctx, std::int64_t batch, bool backward) {
    constexpr int D = Shape::width, Dh = Shape::head_dim;
    const std::int64_t rows = batch * Shape::frames * Shape::per_frame;
    const auto qkv = normals<T, dynamic, 3 * D>(ctx, 1, rows), dqkv = normals<T, dynamic, 3 * D>(ctx, 2, rows);
    const auto out = normals<T, dynamic, D>(ctx, 3, rows), dout = normals<T, dynamic, D>(ctx, 4, rows);
    const auto lse = ctx.arena.take<float, dynamic, Shape::heads>(rows);
    const auto norm = normals<float, Dh>(ctx, 5), dq_norm = normals<float, Dh>(ctx, 6),
               dk_norm = normals<float, Dh>(ctx, 7);
    const auto bias = normals<float, Shape::heads, Shape::bias_size>(ctx, 8),
               dbias = normals<float, Shape::heads, Shape::bias_size>(ctx, 9);
    const auto is_image = ctx.arena.take<std::uint8_t, dynamic>(batch);
    std::fill_n(is_image.data(), batch, std::uint8_t{0});
    ops::window_attention<Shape>(ctx, qkv, norm, norm, bias, is_image, out, lse); // backward reads out and lse
    return [=, &ctx] {
        if (backward)
            ops::window_attention_grad<Shape>(ctx, qkv, norm, norm, bias, is_image, out, lse, dout, dqkv, dq_norm,
                                              dk_norm, dbias);
        else ops::window_attention<Shape>(ctx, qkv, norm, norm, bias, is_image, out, lse);
    };
}

template <class Shape, class T> auto cross_attention(cpu::context& ctx, std::int64_t batch, bool backward) {
    constexpr int D = Shape::width, Dh = Shape::head_dim, M = Shape::text_tokens;
    const std::int64_t frames = batch * 5, rows = frames * Shape::per_frame;
    const auto q = normals<T, dynamic, D>(ctx, 1, rows), dq = normals<T, dynamic, D>(ctx, 2, rows);
    const auto kv = normals<T, dynamic, 2 * D>(ctx, 3, rows), dkv = normals<T, dynamic, 2 * D>(ctx, 4, rows);
    const auto text_kv = normals<T, dynamic, 2 * D>(ctx, 5, batch * M),
               dtext_kv = normals<T, dynamic, 2 * D>(ctx, 6, batch * M);
    const auto out = normals<T, dynamic, D>(ctx, 7, rows), dout = normals<T, dynamic, D>(ctx, 8, rows);
    const auto lse = ctx.arena.take<float, dynamic, Shape::heads>(rows);
    const auto norm = normals<float, Dh>(ctx, 9), dq_norm = normals<float, Dh>(ctx, 10),
               dk_norm = normals<float, Dh>(ctx, 11);
    const auto text_row = ctx.arena.take<std::int32_t, dynamic>(frames);
    const auto text_valid = ctx.arena.take<std::uint8_t, dynamic>(batch * M);
    for (std::int64_t f = 0; f < frames; ++f) text_row(f) = static_cast<std::int32_t>(f / 5);
    std::fill_n(text_valid.data(), batch * M, std::uint8_t{1});
    ops::cross_attention<Shape>(ctx, q, kv, text_kv, text_row, text_valid, norm, norm, out, lse);
    return [=, &ctx] {
        if (backward)
            ops::cross_attention_grad<Shape>(ctx, q, kv, text_kv, text_row, text_valid, norm, norm, out, lse, dout, dq,
                                             dkv, dtext_kv, dq_norm, dk_norm);
        else ops::cross_attention<Shape>(ctx, q, kv, text_kv, text_row, text_valid, norm, norm, out, lse);
    };
}

template <class Shape, class T> void add_window(const std::string& name, std::int64_t batch) {
    const double product =
        2.0 * static_cast<double>(batch) * Shape::frames * Shape::per_frame * Shape::tokens * Shape::width;
    for (const bool backward : {false, true})
        add("window_attention/" + name + "/" + name_of<T>() + (backward ? "/backward" : "/forward"),
            {.flops = (backward ? 5 : 2) * product},
            [=](cpu::context& ctx) { return window_attention<Shape, T>(ctx, batch, backward); });
}

template <class Shape, class T> void add_cross(const std::string& name, std::int64_t batch) {
    const double product = 2.0 * static_cast<double>(batch) * 5 * Shape::per_frame *
                           (Shape::per_frame + Shape::text_tokens) * Shape::width;
    for (const bool backward : {false, true})
        add("cross_attention/" + name + "/" + name_of<T>() + (backward ? "/backward" : "/forward"),
            {.flops = (backward ? 5 : 2) * product},
            [=](cpu::context& ctx) { return cross_attention<Shape, T>(ctx, batch, backward); });
}

template <class T> void add_all() {
    add_window<window_of<6, 6, 1, 4, 64>, T>("demo_spatial", 32);
    add_window<window_of<6, 6, 5, 4, 64>, T>("demo_spatiotemporal", 32);
    add_window<window_of<16, 8, 1, 16, 64>, T>("walt_l_spatial", 2);
    add_window<window_of<16, 8, 5, 16, 64>, T>("walt_l_spatiotemporal", 2);
    add_cross<cross_shape<36, 8, 4, 64, true>, T>("demo", 32);
    add_cross<cross_shape<256, 8, 16, 64, true>, T>("walt_l", 2);
}

[[maybe_unused]] const bool registered = (add_all<float>(), add_all<bf16>(), true);

} // namespace
