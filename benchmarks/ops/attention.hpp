// Window attention and cross-attention. Operations are those of the products alone: two forward (q k^T and p v), five
// backward.
#pragma once

#include "benchmarks.hpp"

#include <walt/config/window.hpp>
#include <walt/ops/cross_attention.hpp>
#include <walt/ops/window_attention.hpp>

namespace walt::benchmarks {

/// Frames of Side x Side tokens: windows are whole frames (Wt = 1) or tiles of Tile x Tile through all five frames.
template <int Side, int Tile, int Wt, int Heads, int HeadDim>
using window_of = attention_shape<token_order<Side, Side, Side, Side, Tile, Tile>, 5, Wt, Wt == 1 ? Side : Tile,
                                  Wt == 1 ? Side : Tile, Heads, HeadDim, true, image_rule::identity>;

template <class Shape, class T, class Context> auto window_attention(Context& ctx, std::int64_t batch, bool backward) {
    constexpr int D = Shape::width, Dh = Shape::head_dim;
    const std::int64_t rows = batch * Shape::frames * Shape::per_frame;
    const auto qkv = normals<T, dynamic, 3 * D>(ctx, 1, rows), dqkv = normals<T, dynamic, 3 * D>(ctx, 2, rows);
    const auto out = normals<T, dynamic, D>(ctx, 3, rows), dout = normals<T, dynamic, D>(ctx, 4, rows);
    const auto lse = ctx.arena.template take<float, dynamic, Shape::heads>(rows);
    const auto norm = normals<float, Dh>(ctx, 5), dq_norm = normals<float, Dh>(ctx, 6),
               dk_norm = normals<float, Dh>(ctx, 7);
    const auto bias = normals<float, Shape::heads, Shape::bias_size>(ctx, 8),
               dbias = normals<float, Shape::heads, Shape::bias_size>(ctx, 9);
    const auto is_image = to_device<std::uint8_t>(ctx, std::vector<std::uint8_t>(static_cast<std::size_t>(batch), 0));
    ops::window_attention<Shape>(ctx, qkv, norm, norm, bias, is_image, out, lse); // backward reads out and lse
    return [=, &ctx] {
        if (backward)
            ops::window_attention_grad<Shape>(ctx, qkv, norm, norm, bias, is_image, out, lse, dout, dqkv, dq_norm,
                                              dk_norm, dbias);
        else ops::window_attention<Shape>(ctx, qkv, norm, norm, bias, is_image, out, lse);
    };
}

template <class Shape, class T, class Context> auto cross_attention(Context& ctx, std::int64_t batch, bool backward) {
    constexpr int D = Shape::width, Dh = Shape::head_dim, M = Shape::text_tokens;
    const std::int64_t frames = batch * 5, rows = frames * Shape::per_frame;
    const auto q = normals<T, dynamic, D>(ctx, 1, rows), dq = normals<T, dynamic, D>(ctx, 2, rows);
    const auto kv = normals<T, dynamic, 2 * D>(ctx, 3, rows), dkv = normals<T, dynamic, 2 * D>(ctx, 4, rows);
    const auto text_kv = normals<T, dynamic, 2 * D>(ctx, 5, batch * M),
               dtext_kv = normals<T, dynamic, 2 * D>(ctx, 6, batch * M);
    const auto out = normals<T, dynamic, D>(ctx, 7, rows), dout = normals<T, dynamic, D>(ctx, 8, rows);
    const auto lse = ctx.arena.template take<float, dynamic, Shape::heads>(rows);
    const auto norm = normals<float, Dh>(ctx, 9), dq_norm = normals<float, Dh>(ctx, 10),
               dk_norm = normals<float, Dh>(ctx, 11);
    std::vector<std::int32_t> texts;
    for (std::int64_t f = 0; f < frames; ++f) texts.push_back(static_cast<std::int32_t>(f / 5));
    const auto text_row = to_device<std::int32_t>(ctx, texts);
    const auto text_valid =
        to_device<std::uint8_t>(ctx, std::vector<std::uint8_t>(static_cast<std::size_t>(batch * M), 1));
    ops::cross_attention<Shape>(ctx, q, kv, text_kv, text_row, text_valid, norm, norm, out, lse);
    return [=, &ctx] {
        if (backward)
            ops::cross_attention_grad<Shape>(ctx, q, kv, text_kv, text_row, text_valid, norm, norm, out, lse, dout, dq,
                                             dkv, dtext_kv, dq_norm, dk_norm);
        else ops::cross_attention<Shape>(ctx, q, kv, text_kv, text_row, text_valid, norm, norm, out, lse);
    };
}

template <class Context, class Shape, class T> void add_window(const std::string& name, std::int64_t batch) {
    const double product =
        2.0 * static_cast<double>(batch) * Shape::frames * Shape::per_frame * Shape::tokens * Shape::width;
    for (const bool backward : {false, true})
        add<Context>("window_attention/" + name + "/" + name_of<T>() + (backward ? "/backward" : "/forward"),
                     {.flops = (backward ? 5 : 2) * product},
                     [=](Context& ctx) { return window_attention<Shape, T>(ctx, batch, backward); });
}

template <class Context, class Shape, class T> void add_cross(const std::string& name, std::int64_t batch) {
    const double product = 2.0 * static_cast<double>(batch) * 5 * Shape::per_frame *
                           (Shape::per_frame + Shape::text_tokens) * Shape::width;
    for (const bool backward : {false, true})
        add<Context>("cross_attention/" + name + "/" + name_of<T>() + (backward ? "/backward" : "/forward"),
                     {.flops = (backward ? 5 : 2) * product},
                     [=](Context& ctx) { return cross_attention<Shape, T>(ctx, batch, backward); });
}

} // namespace walt::benchmarks
