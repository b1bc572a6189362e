// Every front refuses operands of wrong sizes, in a sentence that names the op and both numbers.
#include "../catch.hpp"

#include <walt/cpu.hpp>

#include <functional>
#include <regex>

using namespace walt;

namespace {

/// The sizes of a call's operands, one for each run-time extent that the op's contract names.
using sizes = std::vector<int>;

/// One front: what its operands' sizes must be, what they are called, and the call.
struct front {
    std::string op;
    std::vector<std::pair<std::string, int>> right;
    std::function<void(reference::context&, const sizes&)> call;
};

using order = token_order<2, 2, 2, 2, 1, 2>; // a frame of 2 x 2 tokens
using windows = attention_shape<order, 3, 3, 1, 2, 2, 4, true, image_rule::identity>;
using cross = cross_shape<4, 3, 2, 4, true>;

/// Zeros: rows<4>(ctx, 3) is [3, 4], clip<2>(ctx, b, f, h, w) is [b, f, h, w, 2].
template <int... Width> auto rows(reference::context& ctx, int count) {
    const auto made = ctx.arena.take<float, dynamic, Width...>(count);
    ops::fill(ctx, made, 0);
    return made;
}
template <int C> auto clip(reference::context& ctx, int b, int f, int h, int w) {
    const auto made = ctx.arena.take<float, dynamic, dynamic, dynamic, dynamic, C>(b, f, h, w);
    ops::fill(ctx, made, 0);
    return made;
}
template <int... Extent> auto fixed(reference::context& ctx) {
    const auto made = ctx.arena.take<float, Extent...>();
    ops::fill(ctx, made, 0);
    return made;
}
template <class T = std::int32_t> auto indices(reference::context& ctx, int count) {
    const auto made = ctx.arena.take<T, dynamic>(count);
    std::fill(made.data(), made.data() + count, T(0));
    return made;
}
/// A kernel of `depth` x 3 x 3 from 2 to 4 channels.
auto taps(reference::context& ctx, int depth) {
    const auto made = ctx.arena.take<float, 4, dynamic, 3, 3, 2>(depth);
    ops::fill(ctx, made, 0);
    return made;
}
const conv_geometry kernel_of_three = conv_geometry::causal({3, 3, 3});
const frame_rows each_frame{.frames = 3, .latent_frames = 3}; // a row of scale and shift for each
/// What an optimizer trains: one tensor of 64 numbers.
auto blocks(reference::context& ctx, int count) {
    const auto made = ctx.arena.take<trained_block, dynamic>(count);
    for (int i = 0; i < count; ++i) made(i) = {.place = i};
    return made;
}
/// One of 64 numbers whose second moments are whole and, `factored`, one of 8 x 8 behind it.
auto tensors(reference::context& ctx, ops::adafactor_extents& all, bool factored) {
    const auto made = ctx.arena.take<adafactor_tensor, dynamic>(factored ? 2 : 1);
    made(0) = {.size = 64};
    if (factored) made(1) = {.master = 64, .at = 64, .size = 64, .columns = 8};
    for (std::int64_t i = 0; i < made.size(); ++i) all.add(made(i));
    return made;
}
auto flags(reference::context& ctx, int count) { return indices<std::uint8_t>(ctx, count); }

// clang-format off
const std::vector<front> fronts{
    {"ops::linear", {{"x", 3}, {"y", 3}}, [](auto& c, auto& n) {
        ops::linear(c, rows<4>(c, n[0]), fixed<5, 4>(c), fixed<5>(c), rows<5>(c, n[1])); }},
    {"ops::linear_grad_input", {{"dy", 3}, {"dx", 3}}, [](auto& c, auto& n) {
        ops::linear_grad_input(c, rows<5>(c, n[0]), fixed<5, 4>(c), rows<4>(c, n[1])); }},
    {"ops::linear_grad_weight", {{"x", 3}, {"dy", 3}}, [](auto& c, auto& n) {
        ops::linear_grad_weight(c, rows<4>(c, n[0]), rows<5>(c, n[1]), fixed<5, 4>(c), fixed<5>(c)); }},
    {"ops::linear_activate", {{"x", 3}, {"inner", 3}, {"y", 3}}, [](auto& c, auto& n) {
        ops::linear_activate<activation::gelu>(c, rows<4>(c, n[0]), fixed<5, 4>(c), fixed<5>(c), rows<5>(c, n[1]),
                                               rows<5>(c, n[2])); }},
    {"ops::linear_grad_activated_input", {{"dy", 3}, {"inner", 3}, {"dinner", 3}}, [](auto& c, auto& n) {
        ops::linear_grad_activated_input<activation::gelu>(c, rows<5>(c, n[0]), fixed<5, 4>(c), rows<4>(c, n[1]),
                                                           rows<4>(c, n[2])); }},
    {"ops::convert", {{"x", 3}, {"y", 3}}, [](auto& c, auto& n) { ops::convert(c, rows<>(c, n[0]), rows<>(c, n[1])); }},
    {"ops::activate", {{"x", 3}, {"y", 3}}, [](auto& c, auto& n) {
        ops::activate<activation::silu>(c, rows<>(c, n[0]), rows<>(c, n[1])); }},
    {"ops::activate_grad", {{"x", 3}, {"dy", 3}, {"dx", 3}}, [](auto& c, auto& n) {
        ops::activate_grad<activation::silu>(c, rows<>(c, n[0]), rows<>(c, n[1]), rows<>(c, n[2])); }},
    {"ops::accumulate", {{"x", 3}, {"y", 3}}, [](auto& c, auto& n) {
        ops::accumulate(c, rows<>(c, n[0]), rows<>(c, n[1])); }},
    {"ops::add", {{"x", 3}, {"y", 3}, {"z", 3}}, [](auto& c, auto& n) {
        ops::add(c, rows<>(c, n[0]), rows<>(c, n[1]), rows<>(c, n[2])); }},
    {"ops::blend", {{"x", 3}, {"y", 3}, {"z", 3}}, [](auto& c, auto& n) {
        ops::blend(c, 2, rows<>(c, n[0]), 3, rows<>(c, n[1]), rows<>(c, n[2])); }},
    {"ops::blend", {{"x", 3}, {"z", 3}}, [](auto& c, auto& n) {
        ops::blend(c, 2, rows<>(c, n[0]), 0, none{}, rows<>(c, n[1])); }},
    // Modulations of 6 chunks for 5 frames of 2 tokens.
    {"ops::modulated_norm", {{"h", 10}, {"modulation", 5}, {"chunk", 4}, {"y", 10}}, [](auto& c, auto& n) {
        ops::modulated_norm(c, rows<2>(c, n[0]), rows<12>(c, n[1]), n[2], rows<2>(c, n[3])); }},
    {"ops::modulated_norm_grad", {{"h", 10}, {"modulation", 5}, {"chunk", 4}, {"dy", 10}, {"dh", 10}, {"dmodulation", 5}},
     [](auto& c, auto& n) {
        ops::modulated_norm_grad(c, rows<2>(c, n[0]), rows<12>(c, n[1]), n[2], rows<2>(c, n[3]), rows<2>(c, n[4]),
                                 rows<12>(c, n[5])); }},
    {"ops::gated_residual", {{"h", 10}, {"modulation", 5}, {"chunk", 5}, {"y", 10}, {"h_next", 10}}, [](auto& c, auto& n) {
        ops::gated_residual(c, rows<2>(c, n[0]), rows<12>(c, n[1]), n[2], rows<2>(c, n[3]), rows<2>(c, n[4])); }},
    {"ops::gated_residual_grad", {{"dh", 10}, {"modulation", 5}, {"chunk", 5}, {"y", 10}, {"dy", 10}, {"dmodulation", 5}},
     [](auto& c, auto& n) {
        ops::gated_residual_grad(c, rows<2>(c, n[0]), rows<12>(c, n[1]), n[2], rows<2>(c, n[3]), rows<2>(c, n[4]),
                                 rows<12>(c, n[5])); }},
    {"ops::row_norm", {{"x", 3}, {"y", 3}}, [](auto& c, auto& n) {
        ops::row_norm<row_norm::layer>(c, rows<4>(c, n[0]), fixed<4>(c), fixed<4>(c), 1, rows<4>(c, n[1])); }},
    {"ops::gated_activation", {{"gate", 3}, {"x", 3}, {"y", 3}}, [](auto& c, auto& n) {
        ops::gated_activation<activation::gelu>(c, rows<>(c, n[0]), rows<>(c, n[1]), rows<>(c, n[2])); }},
    // 2 texts of 3 positions.
    {"ops::text_attention", {{"q", 6}, {"k", 6}, {"v", 6}, {"bias", 5}, {"valid", 2}, {"out", 6}}, [](auto& c, auto& n) {
        ops::text_attention<2>(c, rows<4>(c, n[0]), rows<4>(c, n[1]), rows<4>(c, n[2]), 1, rows<2>(c, n[3]),
                               flags(c, 3 * n[4]).template as<dynamic, dynamic>(n[4], 3), rows<4>(c, n[5])); }},
    // 2 samples of 3 frames of 2 x 2 tokens.
    {"ops::add_positions", {{"h", 24}, {"pos_space", 4}, {"pos_time", 3}, {"is_image", 2}}, [](auto& c, auto& n) {
        ops::add_positions<order>(c, rows<5>(c, n[0]), rows<5>(c, n[1]), rows<5>(c, n[2]), flags(c, n[3])); }},
    {"ops::add_positions_grad", {{"dh", 24}, {"is_image", 2}, {"dpos_space", 4}, {"dpos_time", 3}}, [](auto& c, auto& n) {
        ops::add_positions_grad<order>(c, rows<5>(c, n[0]), flags(c, n[1]), rows<5>(c, n[2]), rows<5>(c, n[3])); }},
    {"ops::sinusoid", {{"step", 2}, {"rows_a_step", 3}, {"code", 6}}, [](auto& c, auto& n) {
        ops::sinusoid(c, indices(c, n[0]), n[1], rows<8>(c, n[2])); }},
    {"ops::add_rows", {{"index", 3}, {"e", 3}}, [](auto& c, auto& n) {
        ops::add_rows(c, fixed<7, 4>(c), indices(c, n[0]), rows<4>(c, n[1])); }},
    {"ops::valid_rows", {{"x", 3}, {"valid", 3}, {"y", 3}}, [](auto& c, auto& n) {
        ops::valid_rows(c, rows<4>(c, n[0]), flags(c, n[1]), fixed<4>(c), rows<4>(c, n[2])); }},
    {"ops::valid_rows_grad", {{"dy", 3}, {"valid", 3}, {"dx", 3}}, [](auto& c, auto& n) {
        ops::valid_rows_grad(c, rows<4>(c, n[0]), flags(c, n[1]), rows<4>(c, n[2]), fixed<4>(c)); }},
    {"ops::add_rows_grad", {{"de", 3}, {"index", 3}}, [](auto& c, auto& n) {
        ops::add_rows_grad(c, rows<4>(c, n[0]), indices(c, n[1]), fixed<7, 4>(c)); }},
    // 2 samples of 3 frames of 4 x 4 latents of 2 channels; tokens of 2 x 2 patches of 3 channels.
    {"ops::patchify", {{"batch", 2}, {"frames", 3}, {"height", 4}, {"width", 4}, {"frame_scale", 6}, {"tokens", 24}, {"first", 1}},
     [](auto& c, auto& n) {
        ops::patchify<order, 2>(c, clip<2>(c, n[0], n[1], n[2], n[3]), rows<>(c, n[4]), rows<12>(c, n[5]), n[6]); }},
    {"ops::patchify_constant", {{"frame_value", 6}, {"tokens", 24}, {"channel", 2}}, [](auto& c, auto& n) {
        ops::patchify_constant<order, 2>(c, rows<>(c, n[0]), rows<12>(c, n[1]), n[2]); }},
    {"ops::unpatchify", {{"tokens", 24}, {"first", 1}, {"frame_scale", 6}, {"batch", 2}, {"frames", 3}, {"height", 4}, {"width", 4}},
     [](auto& c, auto& n) {
        ops::unpatchify<order, 2>(c, rows<12>(c, n[0]), n[1], rows<>(c, n[2]), clip<2>(c, n[3], n[4], n[5], n[6])); }},
    {"ops::window_attention", {{"qkv", 24}, {"is_image", 2}, {"out", 24}, {"lse", 24}}, [](auto& c, auto& n) {
        ops::window_attention<windows>(c, rows<24>(c, n[0]), fixed<4>(c), fixed<4>(c),
            fixed<2, windows::bias_size>(c), flags(c, n[1]), rows<8>(c, n[2]), rows<2>(c, n[3])); }},
    {"ops::window_attention_grad", {{"qkv", 24}, {"is_image", 2}, {"out", 24}, {"lse", 24}, {"dout", 24}, {"dqkv", 24}},
     [](auto& c, auto& n) {
        ops::window_attention_grad<windows>(c, rows<24>(c, n[0]), fixed<4>(c), fixed<4>(c),
            fixed<2, windows::bias_size>(c), flags(c, n[1]), rows<8>(c, n[2]), rows<2>(c, n[3]), rows<8>(c, n[4]),
            rows<24>(c, n[5]), fixed<4>(c), fixed<4>(c), fixed<2, windows::bias_size>(c)); }},
    // 3 frames of 4 tokens, 2 texts of 3 positions.
    {"ops::cross_attention", {{"q", 12}, {"kv", 12}, {"text_kv", 6}, {"text_row", 3}, {"text_valid", 6}, {"out", 12}, {"lse", 12}},
     [](auto& c, auto& n) {
        ops::cross_attention<cross>(c, rows<8>(c, n[0]), rows<16>(c, n[1]), rows<16>(c, n[2]), indices(c, n[3]),
            flags(c, n[4]), fixed<4>(c), fixed<4>(c), rows<8>(c, n[5]), rows<2>(c, n[6])); }},
    {"ops::cross_attention_grad", {{"q", 12}, {"kv", 12}, {"text_kv", 6}, {"text_row", 3}, {"text_valid", 6}, {"out", 12}, {"lse", 12},
                                   {"dout", 12}, {"dq", 12}, {"dkv", 12}, {"dtext_kv", 6}},
     [](auto& c, auto& n) {
        ops::cross_attention_grad<cross>(c, rows<8>(c, n[0]), rows<16>(c, n[1]), rows<16>(c, n[2]), indices(c, n[3]),
            flags(c, n[4]), fixed<4>(c), fixed<4>(c), rows<8>(c, n[5]), rows<2>(c, n[6]), rows<8>(c, n[7]),
            rows<8>(c, n[8]), rows<16>(c, n[9]), rows<16>(c, n[10]), fixed<4>(c), fixed<4>(c)); }},
    // 2 clips of 3 frames of 4 x 5.
    {"ops::latent_statistics", {{"batch", 2}, {"frames", 3}, {"mean", 6}, {"deviation", 6}}, [](auto& c, auto& n) {
        ops::latent_statistics(c, clip<4>(c, n[0], n[1], 4, 5), rows<4>(c, n[2]), rows<4>(c, n[3])); }},
    {"ops::latent_statistics_grad", {{"z", 2}, {"mean", 6}, {"deviation", 6}, {"dmean", 6}, {"ddeviation", 6}, {"dz", 2}},
     [](auto& c, auto& n) {
        ops::latent_statistics_grad(c, clip<4>(c, n[0], 3, 4, 5), rows<4>(c, n[1]), rows<4>(c, n[2]), rows<4>(c, n[3]),
                                    rows<4>(c, n[4]), clip<4>(c, n[5], 3, 4, 5)); }},
    {"ops::normalise", {{"x", 2}, {"frames of y", 3}, {"y", 2}}, [](auto& c, auto& n) {
        ops::normalise(c, clip<4>(c, n[0], 3, 4, 5), fixed<4>(c), fixed<4>(c), clip<4>(c, n[2], n[1], 4, 5)); }},
    {"ops::denormalise", {{"x", 2}, {"frames of y", 3}, {"y", 2}}, [](auto& c, auto& n) {
        ops::denormalise(c, clip<4>(c, n[0], 3, 4, 5), fixed<4>(c), fixed<4>(c), clip<4>(c, n[2], n[1], 4, 5)); }},
    // 2 clips of 3 frames of 4 x 5, of 4 channels in 2 groups.
    {"ops::group_norm", {{"batch", 2}, {"frames", 3}, {"scale", 6}, {"shift", 6}, {"batch of y", 2}, {"statistics", 6}},
     [](auto& c, auto& n) {
        ops::group_norm<activation::silu>(c, clip<4>(c, n[0], n[1], 4, 5), rows<4>(c, n[2]), rows<4>(c, n[3]), each_frame,
            clip<4>(c, n[4], 3, 4, 5), rows<2, 2>(c, n[5])); }},
    {"ops::group_norm_grad", {{"x", 2}, {"scale", 6}, {"shift", 6}, {"statistics", 6}, {"dy", 2}, {"dx", 2}, {"dscale", 6}, {"dshift", 6}},
     [](auto& c, auto& n) {
        ops::group_norm_grad<activation::silu>(c, clip<4>(c, n[0], 3, 4, 5), rows<4>(c, n[1]), rows<4>(c, n[2]), each_frame,
            rows<2, 2>(c, n[3]), clip<4>(c, n[4], 3, 4, 5), clip<4>(c, n[5], 3, 4, 5), rows<4>(c, n[6]), rows<4>(c, n[7])); }},
    {"ops::group_norm_grad_add", {{"x", 2}, {"scale", 6}, {"shift", 6}, {"statistics", 6}, {"dy", 2}, {"dx", 2}, {"dscale", 6}, {"dshift", 6}},
     [](auto& c, auto& n) {
        ops::group_norm_grad_add<activation::silu>(c, clip<4>(c, n[0], 3, 4, 5), rows<4>(c, n[1]), rows<4>(c, n[2]), each_frame,
            rows<2, 2>(c, n[3]), clip<4>(c, n[4], 3, 4, 5), clip<4>(c, n[5], 3, 4, 5), rows<4>(c, n[6]), rows<4>(c, n[7])); }},
    {"ops::depth_to_space", {{"batch", 2}, {"frames", 3}, {"height", 2}, {"width", 2}, {"frames of y", 5}, {"height of y", 4}},
     [](auto& c, auto& n) {
        ops::depth_to_space<2>(c, clip<8>(c, n[0], n[1], n[2], n[3]), clip<1>(c, 2, n[4], n[5], 4)); }},
    {"ops::depth_to_space_grad", {{"frames of dy", 5}, {"batch", 2}, {"frames", 3}, {"height", 2}, {"width", 2}},
     [](auto& c, auto& n) {
        ops::depth_to_space_grad<2>(c, clip<1>(c, 2, n[0], 4, 4), clip<8>(c, n[1], n[2], n[3], n[4])); }},
    {"ops::blur", {{"batch of y", 2}, {"frames of y", 3}, {"height of y", 2}, {"width of y", 4}}, [](auto& c, auto& n) {
        ops::blur(c, clip<2>(c, 2, 5, 4, 7), clip<2>(c, n[0], n[1], n[2], n[3])); }},
    {"ops::blur_grad", {{"batch of dy", 2}, {"frames of dy", 3}, {"height of dy", 2}, {"width of dy", 4}}, [](auto& c, auto& n) {
        ops::blur_grad(c, clip<2>(c, n[0], n[1], n[2], n[3]), clip<2>(c, 2, 5, 4, 7)); }},
    // The answers to 5 real and 3 decoded clips.
    {"ops::softplus_loss", {{"logits", 5}, {"loss", 1}, {"dlogits", 5}}, [](auto& c, auto& n) {
        ops::softplus_loss(c, rows<>(c, n[0]), -1, rows<>(c, n[1]), rows<>(c, n[2])); }},
    {"ops::lecam", {{"real", 5}, {"fake", 3}, {"averages", 2}, {"means", 2}, {"loss", 1}, {"dreal", 5}, {"dfake", 3}}, [](auto& c, auto& n) {
        ops::lecam(c, rows<>(c, n[0]), rows<>(c, n[1]), rows<>(c, n[2]), rows<>(c, n[3]), rows<>(c, n[4]), rows<>(c, n[5]),
                   rows<>(c, n[6])); }},
    // A causal kernel of 3 x 3 x 3 over 2 clips of 3 frames of 4 x 5.
    {"ops::conv3d", {{"batch", 2}, {"frames", 3}, {"height", 4}, {"width", 5}, {"kernel", 3}, {"batch of y", 2}},
     [](auto& c, auto& n) {
        ops::conv3d(c, kernel_of_three, clip<2>(c, n[0], n[1], n[2], n[3]), taps(c, n[4]), fixed<4>(c),
            clip<4>(c, n[5], 3, 4, 5)); }},
    {"ops::conv3d", {{"batch of the past", 2}, {"frames of the past", 2}, {"height of the past", 4}}, [](auto& c, auto& n) {
        ops::conv3d(c, kernel_of_three, clip<2>(c, 2, 3, 4, 5), taps(c, 3), none{}, clip<4>(c, 2, 3, 4, 5),
            clip<2>(c, n[0], n[1], n[2], 5)); }},
    {"ops::conv3d_add", {{"batch", 2}, {"kernel", 3}, {"batch of y", 2}}, [](auto& c, auto& n) {
        ops::conv3d_add(c, kernel_of_three, clip<2>(c, n[0], 3, 4, 5), taps(c, n[1]), clip<4>(c, n[2], 3, 4, 5)); }},
    {"ops::conv3d_grad_input", {{"batch of dy", 2}, {"kernel", 3}, {"frames", 3}}, [](auto& c, auto& n) {
        ops::conv3d_grad_input(c, kernel_of_three, clip<4>(c, n[0], 3, 4, 5), taps(c, n[1]), clip<2>(c, 2, n[2], 4, 5)); }},
    {"ops::conv3d_grad_weight", {{"batch", 2}, {"frames of dy", 3}, {"kernel", 3}}, [](auto& c, auto& n) {
        ops::conv3d_grad_weight(c, kernel_of_three, clip<2>(c, n[0], 3, 4, 5), clip<4>(c, 2, n[1], 4, 5), taps(c, n[2]),
            fixed<4>(c)); }},
    // 5 frames of 7 numbers.
    {"ops::frame_blend", {{"a", 5}, {"x", 35}, {"b", 5}, {"y", 35}, {"out", 35}}, [](auto& c, auto& n) {
        ops::frame_blend(c, rows<>(c, n[0]), rows<>(c, n[1]), rows<>(c, n[2]), rows<>(c, n[3]), rows<>(c, n[4])); }},
    {"ops::frame_blend", {{"frames in 35 numbers", 5}}, [](auto& c, auto& n) {
        ops::frame_blend(c, rows<>(c, n[0]), rows<>(c, 35), rows<>(c, n[0]), rows<>(c, 35), rows<>(c, 35)); }},
    {"ops::lookup", {{"index", 3}, {"out", 3}}, [](auto& c, auto& n) {
        ops::lookup(c, fixed<9>(c), indices(c, n[0]), rows<>(c, n[1])); }},
    {"ops::rescale_std", {{"conditional", 3}, {"guided", 3}, {"frames", 6}, {"out", 3}}, [](auto& c, auto& n) {
        ops::rescale_std(c, rows<4>(c, n[0]), rows<4>(c, n[1]), 0.5, rows<>(c, n[2]), rows<4>(c, n[3])); }},
    {"ops::square_error", {{"x", 35}, {"y", 35}, {"frame_weight", 5}, {"loss", 1}, {"dx", 35}}, [](auto& c, auto& n) {
        ops::square_error(c, rows<>(c, n[0]), rows<>(c, n[1]), rows<>(c, n[2]), rows<>(c, n[3]), rows<>(c, n[4])); }},
    {"ops::reconstruction_error", {{"x", 35}, {"y", 35}, {"loss", 1}, {"dx", 35}}, [](auto& c, auto& n) {
        ops::reconstruction_error(c, rows<>(c, n[0]), rows<>(c, n[1]), 0.5, rows<>(c, n[2]), rows<>(c, n[3])); }},
    // Videos of 2 x 3 x 4 x 6 by kernels of 3 x 2 x 2.
    {"ops::conv3d", {{"B", 2}, {"F", 4}, {"H", 3}, {"W", 5}, {"past B", 2}, {"past F", 1}, {"past H", 4}, {"past W", 6}},
     [](auto& c, auto& n) {
        ops::conv3d(c, conv_geometry::valid({3, 2, 2}), clip<2>(c, 2, 5, 4, 6), fixed<3, 3, 2, 2, 2>(c), fixed<3>(c),
                    clip<3>(c, n[0], n[1], n[2], n[3]), clip<2>(c, n[4], n[5], n[6], n[7])); }},
    {"ops::conv3d_add", {{"B", 2}, {"F", 3}, {"H", 3}, {"W", 5}}, [](auto& c, auto& n) {
        ops::conv3d_add(c, conv_geometry::valid({3, 2, 2}), clip<2>(c, 2, 5, 4, 6), fixed<3, 3, 2, 2, 2>(c),
                        clip<3>(c, n[0], n[1], n[2], n[3])); }},
    {"ops::conv3d_grad_input", {{"B", 2}, {"F", 3}, {"H", 3}, {"W", 5}, {"Kt", 3}}, [](auto& c, auto& n) {
        ops::conv3d_grad_input(c, conv_geometry::valid({n[4], 2, 2}), clip<3>(c, n[0], n[1], n[2], n[3]),
                               fixed<3, 3, 2, 2, 2>(c), clip<2>(c, 2, 5, 4, 6)); }},
    {"ops::conv3d_grad_weight", {{"B", 2}, {"F", 3}, {"H", 3}, {"W", 5}, {"Kw", 2}}, [](auto& c, auto& n) {
        ops::conv3d_grad_weight(c, conv_geometry::valid({3, 2, n[4]}), clip<2>(c, 2, 5, 4, 6),
                                clip<3>(c, n[0], n[1], n[2], n[3]), fixed<3, 3, 2, 2, 2>(c), fixed<3>(c)); }},
    // The same with a frame of the past.
    {"ops::conv3d_add", {{"past B", 2}, {"past F", 1}, {"past H", 4}, {"past W", 6}}, [](auto& c, auto& n) {
        ops::conv3d_add(c, conv_geometry::valid({3, 2, 2}), clip<2>(c, 2, 5, 4, 6), fixed<3, 3, 2, 2, 2>(c),
                        clip<3>(c, 2, 4, 3, 5), clip<2>(c, n[0], n[1], n[2], n[3])); }},
    {"ops::conv3d_grad_input", {{"dpast B", 2}, {"dpast F", 1}, {"dpast H", 4}, {"dpast W", 6}}, [](auto& c, auto& n) {
        ops::conv3d_grad_input(c, conv_geometry::valid({3, 2, 2}), clip<3>(c, 2, 4, 3, 5), fixed<3, 3, 2, 2, 2>(c),
                               clip<2>(c, 2, 5, 4, 6), clip<2>(c, n[0], n[1], n[2], n[3])); }},
    {"ops::conv3d_grad_weight", {{"past B", 2}, {"past F", 1}, {"past H", 4}, {"past W", 6}}, [](auto& c, auto& n) {
        ops::conv3d_grad_weight(c, conv_geometry::valid({3, 2, 2}), clip<2>(c, 2, 5, 4, 6), clip<3>(c, 2, 4, 3, 5),
                                fixed<3, 3, 2, 2, 2>(c), fixed<3>(c), clip<2>(c, n[0], n[1], n[2], n[3])); }},
    {"ops::depth_to_space", {{"B", 2}, {"F", 5}, {"H", 8}, {"W", 12}}, [](auto& c, auto& n) {
        ops::depth_to_space<2>(c, clip<16>(c, 2, 3, 4, 6), clip<2>(c, n[0], n[1], n[2], n[3])); }},
    {"ops::depth_to_space_grad", {{"B", 2}, {"F", 6}, {"H", 8}, {"W", 12}}, [](auto& c, auto& n) {
        ops::depth_to_space_grad<2>(c, clip<2>(c, n[0], n[1], n[2], n[3]), clip<16>(c, 2, 3, 4, 6), false); }},
    // Windows of 2 x 2 over 2 x 3 x 4 x 6.
    {"ops::max_pool", {{"B", 2}, {"F", 3}, {"H", 2}, {"W", 3}}, [](auto& c, auto& n) {
        ops::max_pool(c, conv_geometry::each_frame(2, 2, 0), clip<2>(c, 2, 3, 4, 6), clip<2>(c, n[0], n[1], n[2], n[3])); }},
    {"ops::max_pool_grad", {{"B", 2}, {"F", 3}, {"H", 2}, {"W", 3}, {"dy F", 3}, {"dx F", 3}}, [](auto& c, auto& n) {
        ops::max_pool_grad(c, conv_geometry::each_frame(2, 2, 0), clip<2>(c, 2, 3, 4, 6), clip<2>(c, n[0], n[1], n[2], n[3]),
                           clip<2>(c, 2, n[4], 2, 3), clip<2>(c, 2, n[5], 4, 6)); }},
    {"ops::average_pool", {{"B", 2}, {"F", 3}, {"H", 2}, {"W", 3}}, [](auto& c, auto& n) {
        ops::average_pool(c, conv_geometry::each_frame(2, 2, 0), clip<2>(c, 2, 3, 4, 6), clip<2>(c, n[0], n[1], n[2], n[3])); }},
    {"ops::depthwise_conv", {{"B", 2}, {"F", 3}, {"H", 2}, {"W", 3}, {"Kh", 2}}, [](auto& c, auto& n) {
        const auto w = c.arena.template take<float, 2, 1, dynamic, 2, 1>(n[4]);
        ops::fill(c, w, 0);
        ops::depthwise_conv(c, conv_geometry::each_frame(2, 2, 0), clip<2>(c, 2, 3, 4, 6), w, fixed<2>(c),
                            clip<2>(c, n[0], n[1], n[2], n[3])); }},
    {"ops::put_channels", {{"B", 2}, {"F", 3}, {"H", 4}, {"W", 6}, {"first", 1}}, [](auto& c, auto& n) {
        ops::put_channels(c, clip<2>(c, 2, 3, 4, 6), clip<3>(c, n[0], n[1], n[2], n[3]), n[4]); }},
    {"ops::resize", {{"B", 2}, {"F", 3}}, [](auto& c, auto& n) {
        ops::resize(c, resizing::centres, clip<2>(c, 2, 3, 4, 6), clip<2>(c, n[0], n[1], 5, 7)); }},
    {"ops::tap_distance", {{"B", 2}, {"F", 3}, {"H", 4}, {"W", 6}, {"distance", 1}, {"da F", 3}}, [](auto& c, auto& n) {
        ops::tap_distance(c, clip<2>(c, 2, 3, 4, 6), clip<2>(c, n[0], n[1], n[2], n[3]), fixed<2>(c), rows<>(c, n[4]),
                          clip<2>(c, 2, n[5], 4, 6)); }},
    // 2 clips of 5 frames with 3 rows each.
    {"ops::group_norm", {{"B", 2}, {"F", 5}, {"H", 4}, {"W", 6}, {"scale", 6}, {"shift", 6}, {"statistics", 10}},
     [](auto& c, auto& n) {
        ops::group_norm<activation::silu>(c, clip<4>(c, 2, 5, 4, 6), rows<4>(c, n[4]), rows<4>(c, n[5]),
                                          frame_rows{5, 3, 2}, clip<4>(c, n[0], n[1], n[2], n[3]),
                                          rows<2, 2>(c, n[6])); }},
    {"ops::group_norm", {{"frames a clip", 5}, {"rows a clip", 3}}, [](auto& c, auto& n) {
        ops::group_norm<activation::silu>(c, clip<4>(c, 2, 5, 4, 6), rows<4>(c, 6), rows<4>(c, 6), frame_rows{n[0], n[1], 2},
                                          clip<4>(c, 2, 5, 4, 6), rows<2, 2>(c, 10)); }},
    {"ops::group_norm_grad", {{"dy F", 5}, {"dx F", 5}, {"scale", 6}, {"shift", 6}, {"statistics", 10}, {"dscale", 6}, {"dshift", 6}},
     [](auto& c, auto& n) {
        ops::group_norm_grad<activation::silu>(c, clip<4>(c, 2, 5, 4, 6), rows<4>(c, n[2]), rows<4>(c, n[3]),
                                               frame_rows{5, 3, 2}, rows<2, 2>(c, n[4]), clip<4>(c, 2, n[0], 4, 6),
                                               clip<4>(c, 2, n[1], 4, 6), rows<4>(c, n[5]), rows<4>(c, n[6])); }},
    // A block of 64 masters.
    {"ops::adamw", {{"blocks", 1}, {"masters", 64}, {"gradient", 64}, {"first", 64}, {"second", 64}, {"copy", 64}}, [](auto& c, auto& n) {
        ops::adamw(c, adamw_update{0, 0, 0, 1, 0, 1, 1}, blocks(c, n[0]), fixed<1>(c).read(), rows<>(c, n[1]), rows<>(c, n[2]),
            rows<>(c, n[3]), rows<>(c, n[4]), rows<>(c, n[5])); }},
    {"ops::average", {{"masters", 64}, {"average", 64}}, [](auto& c, auto& n) {
        ops::average(c, 0.5, blocks(c, 1), rows<>(c, n[0]).read(), rows<>(c, n[1])); }},
    {"ops::adafactor", {{"masters", 128}, {"gradient", 128}, {"second", 64}, {"row", 8}, {"column", 8}, {"mean", 128}, {"copy", 128}},
     [](auto& c, auto& n) {
        ops::adafactor_extents all;
        const auto of = tensors(c, all, true);
        ops::adafactor(c, adafactor_update{.rate = 0, .beta = 0, .most_rms = 0, .least_scale = 0, .momentum = 0.5, .weight_decay = 0},
            of, all, fixed<1>(c).read(), rows<>(c, n[0]), rows<>(c, n[1]), rows<>(c, n[2]), rows<>(c, n[3]), rows<>(c, n[4]),
            rows<>(c, n[5]), rows<>(c, n[6])); }},
    // The losses of 2 micro-batches.
    {"ops::gradient_scale", {{"losses", 2}}, [](auto& c, auto& n) {
        ops::gradient_scale(c, gradient_mean{1, 2}, c.arena.template take<double, 1>().read(), rows<>(c, n[0]).read(), fixed<1>(c)); }},
};
// clang-format on

} // namespace

TEST_CASE("a front refuses every operand of a wrong size, and names the op and both numbers", "[ops][fronts]") {
    for (const front& f : fronts) {
        CAPTURE(f.op);
        sizes n;
        for (const auto& [name, size] : f.right) n.push_back(size);
        const auto message = [&](const sizes& with) -> std::string {
            reference::context ctx;
            try {
                f.call(ctx, with);
            } catch (const error& e) {
                return e.what();
            }
            return "";
        };
        REQUIRE(message(n) == "");
        for (std::size_t i = 0; i < n.size(); ++i)
            for (const int change : {1, -1}) {
                CAPTURE(f.right[i].first, change);
                sizes wrong = n;
                wrong[i] += change;
                const bool place =
                    f.right[i].first == "chunk" || f.right[i].first == "channel" || f.right[i].first == "first";
                if (place && change < 0) wrong[i] = -1; // a place before the last is there too
                const std::string said = message(wrong);
                CHECK_THAT(said, Catch::Matchers::StartsWith(f.op + ":"));
                CHECK(std::regex_search(said, std::regex("[0-9].*[^0-9][0-9]")));
            }
    }
}

TEST_CASE("an optimizer's buffers hold what its tensors say", "[ops][fronts]") {
    reference::context ctx;
    ops::adafactor_extents all;
    const auto of = tensors(ctx, all, false);
    const auto with = [&](int gradient, int second) {
        ops::adafactor(ctx, adafactor_update{}, of, all, fixed<1>(ctx).read(), rows<>(ctx, 64), rows<>(ctx, gradient),
                       rows<>(ctx, second), rows<>(ctx, 0), rows<>(ctx, 0), rows<>(ctx, 0), rows<>(ctx, 64));
    };
    CHECK_THROWS_WITH(with(3, 64), "ops::adafactor: the tensors end at element 64 of the masters and at 64 of the "
                                   "gradient, which have 64 and 3");
    CHECK_THROWS_WITH(with(64, 3), "ops::adafactor: the size of second and what all tensors keep whole must be equal; "
                                   "they are 3 and 64");
    CHECK_NOTHROW(with(64, 64));
}

TEST_CASE("a kernel without a place on a frame is refused", "[ops][fronts]") {
    reference::context ctx;
    const conv_geometry kernel = conv_geometry::each_frame(3, 1, 0);
    const auto small = clip<2>(ctx, 1, 1, 2, 4), empty = clip<2>(ctx, 1, 1, 0, 2);
    const std::string sentence = ": a kernel of 3 x 3 has no place on frames of 2 x 4 with padding of 0 + 0 and 0 + 0";
    CHECK_THROWS_WITH(ops::max_pool(ctx, kernel, small, empty), "ops::max_pool" + sentence);
    CHECK_THROWS_WITH(ops::blur(ctx, kernel, small, empty), "ops::blur" + sentence);
    CHECK_THROWS_WITH(ops::conv3d(ctx, kernel, small, fixed<2, 1, 3, 3, 2>(ctx), none{}, empty),
                      "ops::conv3d" + sentence);
}

TEST_CASE("an index outside of its table is found where the host holds it", "[ops][fronts]") {
    const auto refuses = [](auto ctx_of, const std::string& op, int entry, auto call) {
        typename decltype(ctx_of)::type ctx;
        const auto index = indices(ctx, 3);
        index(1) = entry;
        CHECK_THROWS_WITH(call(ctx, index),
                          Catch::Matchers::StartsWith(op + ": entry 1 of the index is " + std::to_string(entry) +
                                                      ", and there are 2 rows"));
    };
    const auto on = [&](auto ctx_of) {
        for (const int entry : {-1, 2}) {
            refuses(ctx_of, "ops::lookup", entry,
                    [](auto& c, auto index) { ops::lookup(c, fixed<2>(c), index, rows<>(c, 3)); });
            refuses(ctx_of, "ops::add_rows", entry,
                    [](auto& c, auto index) { ops::add_rows(c, fixed<2, 4>(c), index, rows<4>(c, 3)); });
            refuses(ctx_of, "ops::add_rows_grad", entry,
                    [](auto& c, auto index) { ops::add_rows_grad(c, rows<4>(c, 3), index, fixed<2, 4>(c)); });
            refuses(ctx_of, "ops::cross_attention", entry, [](auto& c, auto index) {
                ops::cross_attention<cross>(c, rows<8>(c, 12), rows<16>(c, 12), rows<16>(c, 6), index, flags(c, 6),
                                            fixed<4>(c), fixed<4>(c), rows<8>(c, 12), rows<2>(c, 12));
            });
        }
    };
    on(std::type_identity<reference::context>{});
    on(std::type_identity<cpu::context>{});
}
