// A denoiser's config: a struct of constants. A variant inherits one and overrides a member (docs/model.md 1.1).
#pragma once

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

template <int Grid, int Window> struct window_divides_grid {
    static constexpr bool value = Window > 0 && Grid % (Window > 0 ? Window : 1) == 0;
    static_assert(value,
                  "a window must divide the token grid it lies in (grid % window == 0, grid = latent side / patch)");
};
template <int Width, int Heads> struct heads_divide_hidden {
    static constexpr bool value = Heads > 0 && Width % (Heads > 0 ? Heads : 1) == 0;
    static_assert(value, "the number of heads must divide the hidden width (hidden % heads == 0)");
};
template <int Side, int Patch> struct patch_divides_latent {
    static constexpr bool value = Patch > 0 && Side % (Patch > 0 ? Patch : 1) == 0;
    static_assert(value, "the patch must divide the side of the latent (side % patch == 0)");
};
template <int Rank> struct rank_is_not_negative {
    static constexpr bool value = Rank >= 0;
    static_assert(
        value, "adaln_rank must not be negative: 0 is a separate AdaLN in every layer, r >= 1 is AdaLN-LoRA of rank r");
};
template <int SpatialFrames> struct spatial_window_has_one_frame {
    static constexpr bool value = SpatialFrames == 0 || SpatialFrames == 1;
    static_assert(value, "a spatial window spans one frame (spatial_window.frames must be 1)");
};
template <int WindowFrames, int Frames> struct window_spans_all_frames {
    static constexpr bool value = WindowFrames == 0 || WindowFrames == Frames;
    static_assert(
        value,
        "a spatiotemporal window spans all frames of the latent (spatiotemporal_window.frames must be 0 or frames)");
};
template <int SpatialHeight, int SpatialWidth, int Height, int Width> struct windows_nest {
    static constexpr bool spatial_outside = SpatialHeight % Height == 0 && SpatialWidth % Width == 0;
    static constexpr bool value = spatial_outside || (Height % SpatialHeight == 0 && Width % SpatialWidth == 0);
    static_assert(value,
                  "one of the spatial and the spatiotemporal window must divide the other in height and in width: "
                  "tokens lie in window-major order");
};
template <int Side> struct super_resolution_needs_even_sides {
    static constexpr bool value = Side % 2 == 0;
    static_assert(value, "super-resolution doubles a latent, so height and width must be even");
};
template <int Value> struct size_is_positive {
    static constexpr bool value = Value > 0;
    static_assert(value, "frames, height, width, channels, hidden and depth must be positive");
};
template <int TextDim, int TextTokens> struct text_has_dim_and_tokens {
    static constexpr bool value = TextDim >= 0 && TextTokens >= 0 && (TextDim > 0) == (TextTokens > 0);
    static_assert(value, "text conditioning needs both text_dim and text_tokens (both 0 for none)");
};
template <int Classes> struct classes_are_not_negative {
    static constexpr bool value = Classes >= 0;
    static_assert(value, "classes must not be negative: 0 is a model without class labels");
};

template <int Numbers> struct numbers_are_not_negative {
    static constexpr bool value = Numbers >= 0;
    static_assert(value, "numbers must not be negative: 0 is a model without real numbers as a condition");
};

} // namespace rules

/// What follows from a config: the numbers that modules take. Mistakes in the config stop here, one sentence each.
template <class Config> struct dimensions {
    static constexpr bool sizes_are_right =
        rules::size_is_positive<Config::frames>::value && rules::size_is_positive<Config::height>::value &&
        rules::size_is_positive<Config::width>::value && rules::size_is_positive<Config::channels>::value &&
        rules::size_is_positive<Config::hidden>::value && rules::size_is_positive<Config::depth>::value &&
        rules::patch_divides_latent<Config::height, Config::patch>::value &&
        rules::patch_divides_latent<Config::width, Config::patch>::value &&
        rules::heads_divide_hidden<Config::hidden, Config::heads>::value &&
        rules::rank_is_not_negative<Config::adaln_rank>::value &&
        rules::text_has_dim_and_tokens<Config::text_dim, Config::text_tokens>::value &&
        rules::classes_are_not_negative<Config::classes>::value &&
        rules::numbers_are_not_negative<Config::numbers>::value &&
        (!Config::super_resolution ||
         (rules::super_resolution_needs_even_sides < Config::super_resolution                  ? Config::height
          : 2 > ::value && rules::super_resolution_needs_even_sides < Config::super_resolution ? Config::width
                                                                                               : 2 > ::value));

    // Behind a mistake the rest is built on numbers that work, so that the rule's sentence is the first and only error.
    static constexpr int frames = sizes_are_right ? Config::frames : 1,
                         channels = sizes_are_right ? Config::channels : 1;
    static constexpr int hidden = sizes_are_right ? Config::hidden : 1, depth = sizes_are_right ? Config::depth : 1;
    static constexpr int patch = sizes_are_right ? Config::patch : 1, heads = sizes_are_right ? Config::heads : 1;
    static constexpr int head_dim = hidden / heads;
    static constexpr int grid_height = Config::height / patch, grid_width = Config::width / patch; ///< hp, wp
    static constexpr int tokens = grid_height * grid_width;                                        ///< N, a frame
    static constexpr int mlp_hidden = Config::mlp_hidden > 0 ? Config::mlp_hidden : 4 * hidden;

    static constexpr bool full = Config::pattern == attention_pattern::full;
    static constexpr bool uses_spatial =
        Config::pattern == attention_pattern::alternating || Config::pattern == attention_pattern::spatial;
    static constexpr bool uses_spatiotemporal =
        Config::pattern == attention_pattern::alternating || Config::pattern == attention_pattern::spatiotemporal;
    static constexpr int side(int asked, int grid) { return asked == 0 ? grid : asked; }
    // Windows that a pattern does not use follow the one it does, so that they cannot be wrong.
    static constexpr int st_height =
        full ? grid_height
             : side(uses_spatiotemporal ? Config::spatiotemporal_window.height : Config::spatial_window.height,
                    grid_height);
    static constexpr int st_width =
        full ? grid_width
             : side(uses_spatiotemporal ? Config::spatiotemporal_window.width : Config::spatial_window.width,
                    grid_width);
    static constexpr int s_height = uses_spatial ? side(Config::spatial_window.height, grid_height) : st_height;
    static constexpr int s_width = uses_spatial ? side(Config::spatial_window.width, grid_width) : st_width;
    template <int Grid, int Window>
    static constexpr bool divides =
        rules::window_divides_grid<sizes_are_right ? Grid : 1, sizes_are_right ? Window : 1>::value;
    static constexpr bool windows_divide =
        sizes_are_right && divides<grid_height, s_height> && divides<grid_width, s_width> &&
                divides<grid_height, st_height> && divides<grid_width, st_width> &&
                rules::spatial_window_has_one_frame < sizes_are_right && uses_spatial
            ? Config::spatial_window.frames
            : 1 > ::value&& rules::window_spans_all_frames<
                      sizes_are_right && uses_spatiotemporal ? Config::spatiotemporal_window.frames : 0, frames>::value;
    static constexpr int s_rows = windows_divide ? s_height : grid_height,
                         s_columns = windows_divide ? s_width : grid_width;
    static constexpr int st_rows = windows_divide ? st_height : grid_height,
                         st_columns = windows_divide ? st_width : grid_width;
    static constexpr bool windows_nest = rules::windows_nest<s_rows, s_columns, st_rows, st_columns>::value;
    static constexpr bool valid = sizes_are_right && windows_divide && windows_nest;

    static constexpr bool spatial_outside =
        rules::windows_nest<s_rows, s_columns, st_rows, st_columns>::spatial_outside;
    using order = token_order<grid_height, grid_width, spatial_outside ? s_rows : st_rows,
                              spatial_outside ? s_columns : st_columns, spatial_outside ? st_rows : s_rows,
                              spatial_outside ? st_columns : s_columns>;
    using spatial =
        attention_shape<order, frames, 1, s_rows, s_columns, heads, head_dim, Config::qk_norm, image_rule::identity>;
    using spatiotemporal = attention_shape<order, frames, frames, st_rows, st_columns, heads, head_dim, Config::qk_norm,
                                           full ? image_rule::own_frame : image_rule::identity>;
    using even_layer = std::conditional_t<uses_spatial, spatial, spatiotemporal>; ///< layers 0, 2, ...
    using odd_layer = std::conditional_t<Config::pattern == attention_pattern::spatial, spatial, spatiotemporal>;

    static constexpr bool has_text = Config::text_dim > 0;
    using cross = cross_shape<tokens, Config::text_tokens, heads, head_dim, Config::qk_norm>;

    /// Channels of the concatenated input, in the order of docs/model.md 1.3.
    static constexpr int self_condition_at = channels;
    static constexpr int known_at = self_condition_at + (Config::self_conditioning ? channels : 0);
    static constexpr int mask_at = known_at + (Config::frame_prediction ? channels : 0);
    static constexpr int low_resolution_at = mask_at + (Config::frame_prediction ? 1 : 0);
    static constexpr int input_channels = low_resolution_at + (Config::super_resolution ? channels : 0);
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
