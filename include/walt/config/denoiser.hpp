// A denoiser's config: a struct of constants. A variant inherits one and overrides a member (docs/model.md 1.1).
#pragma once

#include "base.hpp"
#include "window.hpp"

#include <array>
#include <type_traits>

namespace walt {

/// Which windows the layers use (docs/model.md 1.1): alternating is spatial, spatiotemporal, spatial, ...
enum class attention_pattern { alternating, spatial, spatiotemporal, full };

/// Every field with the values of W.A.L.T-L on UCF-101 (paper Table 8). Presets and your own models inherit this.
struct denoiser_config {
    static constexpr int frames = 5, height = 16, width = 16, channels = 8; ///< latent F, H, W, C
    static constexpr int patch = 1;                                         ///< side of a patch, space only
    static constexpr int hidden = 1024, heads = 16, depth = 24;             ///< d, heads, layers
    static constexpr int mlp_hidden = 0;                                    ///< 0: 4 hidden
    static constexpr window spatial_window{1, 0, 0};                        ///< 0: the whole frame
    static constexpr window spatiotemporal_window{0, 8, 8};                 ///< frames 0: all of them
    static constexpr attention_pattern pattern = attention_pattern::alternating;
    static constexpr int adaln_rank = 2; ///< of AdaLN-LoRA; 0: a separate AdaLN in every layer
    static constexpr bool qk_norm = true;
    static constexpr bool self_conditioning = true;     ///< the estimate of x0 is an input
    static constexpr int classes = 0;                   ///< labels 0 .. classes - 1, and `classes` is the null class
    static constexpr int text_dim = 0, text_tokens = 0; ///< of the text encoder; 0: no text
    static constexpr int numbers = 0;                   ///< real numbers of a frame that are a condition; 0: none
    static constexpr bool frame_prediction = false;     ///< known frames are an input
    static constexpr bool super_resolution = false;     ///< a latent of half the size is an input

    /// field(name, value) for every field of Config, which derives from this, with its defaults resolved: so models
    /// that are equal are described equally.
    template <class Config> static constexpr void describe(auto&& field);
};

namespace rules {

template <int Grid, int Window> constexpr bool window_divides_grid() {
    constexpr bool holds = Window > 0 && Grid % (Window > 0 ? Window : 1) == 0;
    static_assert(holds,
                  "a window must divide the token grid it lies in (grid % window == 0, grid = latent side / patch)");
    return holds;
}
template <int Width, int Heads> constexpr bool heads_divide_hidden() {
    constexpr bool holds = Heads > 0 && Width % (Heads > 0 ? Heads : 1) == 0;
    static_assert(holds, "the number of heads must divide the hidden width (hidden % heads == 0)");
    return holds;
}
template <int Side, int Patch> constexpr bool patch_divides_latent() {
    constexpr bool holds = Patch > 0 && Side % (Patch > 0 ? Patch : 1) == 0;
    static_assert(holds, "the patch must divide the side of the latent (side % patch == 0)");
    return holds;
}
template <int Rank> constexpr bool rank_is_not_negative() {
    constexpr bool holds = Rank >= 0;
    static_assert(
        holds, "adaln_rank must not be negative: 0 is a separate AdaLN in every layer, r >= 1 is AdaLN-LoRA of rank r");
    return holds;
}
template <int SpatialFrames> constexpr bool spatial_window_has_one_frame() {
    constexpr bool holds = SpatialFrames == 0 || SpatialFrames == 1;
    static_assert(holds, "a spatial window spans one frame (spatial_window.frames must be 1)");
    return holds;
}
template <int WindowFrames, int Frames> constexpr bool window_spans_all_frames() {
    constexpr bool holds = WindowFrames == 0 || WindowFrames == Frames;
    static_assert(
        holds,
        "a spatiotemporal window spans all frames of the latent (spatiotemporal_window.frames must be 0 or frames)");
    return holds;
}
template <int SpatialHeight, int SpatialWidth, int Height, int Width> constexpr bool windows_nest() {
    constexpr bool holds = (SpatialHeight % Height == 0 && SpatialWidth % Width == 0) ||
                           (Height % SpatialHeight == 0 && Width % SpatialWidth == 0);
    static_assert(holds,
                  "one of the spatial and the spatiotemporal window must divide the other in height and in width: "
                  "tokens lie in window-major order");
    return holds;
}
template <bool SuperResolution, int Side> constexpr bool super_resolution_needs_even_sides() {
    constexpr bool holds = !SuperResolution || Side % 2 == 0;
    static_assert(holds, "super-resolution doubles a latent, so height and width must be even");
    return holds;
}
template <int Value> constexpr bool size_is_positive() {
    constexpr bool holds = Value > 0;
    static_assert(holds, "frames, height, width, channels, hidden and depth must be positive");
    return holds;
}
template <int MlpHidden> constexpr bool mlp_hidden_is_not_negative() {
    constexpr bool holds = MlpHidden >= 0;
    static_assert(holds, "mlp_hidden must not be negative: 0 is 4 hidden");
    return holds;
}
template <int TextDim, int TextTokens> constexpr bool text_has_dim_and_tokens() {
    constexpr bool holds = TextDim >= 0 && TextTokens >= 0 && (TextDim > 0) == (TextTokens > 0);
    static_assert(holds, "text conditioning needs both text_dim and text_tokens (both 0 for none)");
    return holds;
}
template <int Classes> constexpr bool classes_are_not_negative() {
    constexpr bool holds = Classes >= 0;
    static_assert(holds, "classes must not be negative: 0 is a model without class labels");
    return holds;
}

template <int Numbers> constexpr bool numbers_are_not_negative() {
    constexpr bool holds = Numbers >= 0;
    static_assert(holds, "numbers must not be negative: 0 is a model without real numbers as a condition");
    return holds;
}

} // namespace rules

/// What follows from a config: the numbers that modules take. Mistakes in the config stop here, one sentence each.
template <class Config> struct dimensions {
    using config = config_of<Config, denoiser_config>;
    static constexpr bool sizes_are_right =
        rules::size_is_positive<config::frames>() && rules::size_is_positive<config::height>() &&
        rules::size_is_positive<config::width>() && rules::size_is_positive<config::channels>() &&
        rules::size_is_positive<config::hidden>() && rules::size_is_positive<config::depth>() &&
        rules::patch_divides_latent<config::height, config::patch>() &&
        rules::patch_divides_latent<config::width, config::patch>() &&
        rules::heads_divide_hidden<config::hidden, config::heads>() &&
        rules::mlp_hidden_is_not_negative<config::mlp_hidden>() && rules::rank_is_not_negative<config::adaln_rank>() &&
        rules::text_has_dim_and_tokens<config::text_dim, config::text_tokens>() &&
        rules::classes_are_not_negative<config::classes>() && rules::numbers_are_not_negative<config::numbers>() &&
        rules::super_resolution_needs_even_sides<config::super_resolution, config::height>() &&
        rules::super_resolution_needs_even_sides<config::super_resolution, config::width>();

    // Behind a mistake the rest is built on numbers that work, so that the rule's sentence is the first and only error.
    static constexpr int frames = sizes_are_right ? config::frames : 1,
                         channels = sizes_are_right ? config::channels : 1;
    static constexpr int hidden = sizes_are_right ? config::hidden : 1, depth = sizes_are_right ? config::depth : 1;
    static constexpr int patch = sizes_are_right ? config::patch : 1, heads = sizes_are_right ? config::heads : 1;
    static constexpr int head_dim = hidden / heads;
    static constexpr int grid_height = sizes_are_right ? config::height / patch : 1,
                         grid_width = sizes_are_right ? config::width / patch : 1; ///< hp, wp
    static constexpr int tokens = grid_height * grid_width;                        ///< N, a frame
    static constexpr int mlp_hidden = config::mlp_hidden > 0 ? config::mlp_hidden : 4 * hidden;

    static constexpr bool full = config::pattern == attention_pattern::full;
    static constexpr bool uses_spatial =
        config::pattern == attention_pattern::alternating || config::pattern == attention_pattern::spatial;
    static constexpr bool uses_spatiotemporal =
        config::pattern == attention_pattern::alternating || config::pattern == attention_pattern::spatiotemporal;
    static constexpr int side(int asked, int grid) { return asked == 0 ? grid : asked; }
    // Windows that a pattern does not use follow the one it does, so that they cannot be wrong.
    static constexpr int st_height =
        full ? grid_height
             : side(uses_spatiotemporal ? config::spatiotemporal_window.height : config::spatial_window.height,
                    grid_height);
    static constexpr int st_width =
        full ? grid_width
             : side(uses_spatiotemporal ? config::spatiotemporal_window.width : config::spatial_window.width,
                    grid_width);
    static constexpr int s_height = uses_spatial ? side(config::spatial_window.height, grid_height) : st_height;
    static constexpr int s_width = uses_spatial ? side(config::spatial_window.width, grid_width) : st_width;
    template <int Grid, int Window>
    static constexpr bool
        divides = rules::window_divides_grid<sizes_are_right ? Grid : 1, sizes_are_right ? Window : 1>();
    static constexpr bool windows_divide =
        sizes_are_right && divides<grid_height, s_height> && divides<grid_width, s_width> &&
        divides<grid_height, st_height> && divides<grid_width, st_width> &&
        rules::spatial_window_has_one_frame<(sizes_are_right && uses_spatial ? config::spatial_window.frames : 1)>() &&
        rules::window_spans_all_frames<
            (sizes_are_right && uses_spatiotemporal ? config::spatiotemporal_window.frames : 0), frames>();
    static constexpr int s_rows = windows_divide ? s_height : grid_height,
                         s_columns = windows_divide ? s_width : grid_width;
    static constexpr int st_rows = windows_divide ? st_height : grid_height,
                         st_columns = windows_divide ? st_width : grid_width;
    static constexpr bool windows_nest = rules::windows_nest<s_rows, s_columns, st_rows, st_columns>();
    static constexpr bool valid = sizes_are_right && windows_divide && windows_nest;

    static constexpr bool spatial_outside = windows_nest && s_rows % st_rows == 0 && s_columns % st_columns == 0;
    using order = token_order<grid_height, grid_width, spatial_outside ? s_rows : st_rows,
                              spatial_outside ? s_columns : st_columns, spatial_outside ? st_rows : s_rows,
                              spatial_outside ? st_columns : s_columns>;
    using spatial =
        attention_shape<order, frames, 1, s_rows, s_columns, heads, head_dim, config::qk_norm, image_rule::identity>;
    using spatiotemporal = attention_shape<order, frames, frames, st_rows, st_columns, heads, head_dim, config::qk_norm,
                                           full ? image_rule::own_frame : image_rule::identity>;
    using even_layer = std::conditional_t<uses_spatial, spatial, spatiotemporal>; ///< layers 0, 2, ...
    using odd_layer = std::conditional_t<config::pattern == attention_pattern::spatial, spatial, spatiotemporal>;

    static constexpr bool has_text = config::text_dim > 0;
    using cross = cross_shape<tokens, config::text_tokens, heads, head_dim, config::qk_norm>;

    /// Channels of the concatenated input, in the order of docs/model.md 1.3.
    static constexpr int self_condition_at = channels;
    static constexpr int known_at = self_condition_at + (config::self_conditioning ? channels : 0);
    static constexpr int mask_at = known_at + (config::frame_prediction ? channels : 0);
    static constexpr int low_resolution_at = mask_at + (config::frame_prediction ? 1 : 0);
    static constexpr int input_channels = low_resolution_at + (config::super_resolution ? channels : 0);
    static constexpr int patch_in = patch * patch * input_channels, patch_out = patch * patch * channels;
    static constexpr int chunks = has_text ? 9 : 6; ///< K: (shift, scale, gate) of every sub-layer
};

template <class Config> constexpr void denoiser_config::describe(auto&& field) {
    using dims = dimensions<Config>;
    constexpr const char* patterns[] = {"alternating", "spatial", "spatiotemporal", "full"};
    field("frames", Config::frames);
    field("height", Config::height);
    field("width", Config::width);
    field("channels", Config::channels);
    field("patch", Config::patch);
    field("hidden", Config::hidden);
    field("heads", Config::heads);
    field("depth", Config::depth);
    field("mlp_hidden", dims::mlp_hidden);
    field("st_window", std::array{dims::st_height, dims::st_width});
    field("s_window", std::array{dims::s_height, dims::s_width});
    field("pattern", patterns[static_cast<int>(Config::pattern)]);
    field("adaln_rank", Config::adaln_rank);
    field("qk_norm", Config::qk_norm);
    field("self_conditioning", Config::self_conditioning);
    field("classes", Config::classes);
    field("text_dim", Config::text_dim);
    field("text_tokens", Config::text_tokens);
    field("frame_prediction", Config::frame_prediction);
    field("super_resolution", Config::super_resolution);
    if constexpr (Config::numbers > 0) field("numbers", Config::numbers); // files of before have no such field
}

} // namespace walt
