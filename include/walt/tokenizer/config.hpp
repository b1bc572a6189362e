// A tokenizer's config: a struct of constants. A variant inherits one and overrides a member (docs/model.md 3, 14).
#pragma once

#include "../config/base.hpp"
#include "../ops/conv_geometry.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <utility>

namespace walt {

/// Every field with the values of the paper's video tokenizer (17 x 128 x 128 -> 5 x 16 x 16 x 8).
struct tokenizer_config {
    static constexpr int channels = 128;                         ///< ch: of level 0
    static constexpr std::array<int, 4> multipliers{1, 2, 2, 4}; ///< a level has ch times its multiplier channels
    static constexpr int blocks = 4;                             ///< R: residual blocks of a level
    static constexpr std::array<int, 3> time_strides{1, 2, 2};   ///< of each downsampling
    static constexpr std::array<int, 0> space_strides{}; ///< of each, in height and width: 2 or 1; none: 2 of all
    static constexpr int latent = 8;                     ///< c: channels of a latent
    static constexpr int in_channels = 3;
    static constexpr int norm_groups = 32;   ///< G; a norm over C channels has gcd(G, C) groups
    static constexpr bool causal = true;     ///< a frame sees itself and the past; else a frame before and one after
    static constexpr bool per_frame = false; ///< a frame sees itself only; time_strides are 1

    /// field(name, value) for every field of Config, which derives from this.
    template <class Config> static constexpr void describe(auto&& field) {
        field("channels", Config::channels);
        field("multipliers", Config::multipliers);
        field("blocks", Config::blocks);
        field("time_strides", Config::time_strides);
        field("latent", Config::latent);
        field("in_channels", Config::in_channels);
        field("norm_groups", Config::norm_groups);
        if (std::any_of(Config::space_strides.begin(), Config::space_strides.end(),
                        [](int stride) { return stride != 2; }))
            field("space_strides", Config::space_strides);
        if (!Config::causal) field("causal", false); // older files do not say it
        if (Config::per_frame) field("per_frame", true);
    }
};

namespace presets {
/// The paper's video tokenizer.
struct walt_tokenizer : tokenizer_config {};
/// The paper's ImageNet tokenizer: images only (multipliers of Table 8). Its kernels still have a past, which an image
/// fills with zeros, so it inflates to video as it is.
struct imagenet_tokenizer : tokenizer_config {
    static constexpr std::array<int, 4> multipliers{1, 1, 2, 4};
    static constexpr std::array<int, 3> time_strides{1, 1, 1};
};
} // namespace presets

namespace rules {

template <int Value> constexpr bool tokenizer_size_is_positive() {
    constexpr bool holds = Value > 0;
    static_assert(holds,
                  "channels, multipliers, blocks, latent, in_channels and norm_groups of a tokenizer must be positive");
    return holds;
}
template <int Levels, int Strides> constexpr bool time_strides_lie_between_levels() {
    constexpr bool holds = Levels >= 1 && Strides == Levels - 1;
    static_assert(
        holds, "a tokenizer of n levels (multipliers) has n - 1 downsamplings, so time_strides must have n - 1 values");
    return holds;
}
template <int Stride> constexpr bool time_stride_is_one_or_two() {
    constexpr bool holds = Stride == 1 || Stride == 2;
    static_assert(holds, "a tokenizer's time stride must be 1 or 2 (a larger factor is several levels)");
    return holds;
}

template <int Levels, int Strides> constexpr bool space_strides_lie_between_levels() {
    constexpr bool holds = Strides == 0 || Strides == Levels - 1;
    static_assert(holds, "a tokenizer of n levels (multipliers) has n - 1 downsamplings, so space_strides must have "
                         "n - 1 values, or none");
    return holds;
}
template <int Stride> constexpr bool space_stride_is_one_or_two() {
    constexpr bool holds = Stride == 1 || Stride == 2;
    static_assert(holds, "a tokenizer's space stride must be 1 or 2 (a larger factor is several levels)");
    return holds;
}
template <bool PerFrame, int Stride> constexpr bool a_frame_by_itself_has_no_time_stride() {
    constexpr bool holds = !PerFrame || Stride == 1;
    static_assert(holds, "a tokenizer that works per frame has no strides in time (time_strides must be 1)");
    return holds;
}

} // namespace rules

/// What follows from a config: the numbers that modules take. Mistakes in the config stop here, one sentence each.
template <class Config> struct tokenizer_dimensions {
    using config = config_of<Config, tokenizer_config>;
    static constexpr int levels = static_cast<int>(config::multipliers.size());
    static constexpr int latent = config::latent, in_channels = config::in_channels;
    static constexpr int blocks = config::blocks, norm_groups = config::norm_groups;
    static constexpr bool sees_no_future = config::causal || config::per_frame; ///< so videos may come in chunks

    template <std::size_t... Level> static constexpr bool multipliers_are_positive(std::index_sequence<Level...>) {
        return (true && ... && rules::tokenizer_size_is_positive<config::multipliers[Level]>());
    }
    template <std::size_t... Level> static constexpr bool strides_are_one_or_two(std::index_sequence<Level...>) {
        return (true && ... &&
                (rules::time_stride_is_one_or_two<config::time_strides[Level]>() &&
                 rules::a_frame_by_itself_has_no_time_stride<config::per_frame, config::time_strides[Level]>()));
    }
    template <std::size_t... Level> static constexpr bool space_strides_are_one_or_two(std::index_sequence<Level...>) {
        return (true && ... && rules::space_stride_is_one_or_two<config::space_strides[Level]>());
    }
    static constexpr bool valid =
        rules::tokenizer_size_is_positive<config::channels>() && rules::tokenizer_size_is_positive<blocks>() &&
        rules::tokenizer_size_is_positive<latent>() && rules::tokenizer_size_is_positive<in_channels>() &&
        rules::tokenizer_size_is_positive<config::norm_groups>() &&
        rules::time_strides_lie_between_levels<levels, static_cast<int>(config::time_strides.size())>() &&
        rules::space_strides_lie_between_levels<levels, static_cast<int>(config::space_strides.size())>() &&
        multipliers_are_positive(std::make_index_sequence<config::multipliers.size()>{}) &&
        strides_are_one_or_two(std::make_index_sequence<config::time_strides.size()>{}) &&
        space_strides_are_one_or_two(std::make_index_sequence<config::space_strides.size()>{});

    /// Channels of a level; of the middle for `levels`.
    static constexpr int channels(int level) {
        return config::channels * config::multipliers[static_cast<std::size_t>(level < levels ? level : levels - 1)];
    }
    /// Channels that the encoder's level gets: those of the stem or of the level before.
    static constexpr int channels_into(int level) { return level == 0 ? config::channels : channels(level - 1); }
    /// Groups of a norm over so many channels (docs/model.md 3).
    static constexpr int groups(int of_channels) { return std::gcd(config::norm_groups, of_channels); }
    /// How kernels of 3 x 3 x 3 lie; strides are one or those of a downsampling.
    static constexpr conv_geometry around(int time_stride = 1, int space_stride = 1) {
        const per_axis kernel{config::per_frame ? 1 : 3, 3, 3}, stride{time_stride, space_stride, space_stride};
        return config::causal ? conv_geometry::causal(kernel, stride) : conv_geometry::same_symmetric(kernel, stride);
    }
    /// Time stride of the downsampling between a level and the next; 1 behind the last.
    static constexpr int time_stride(int level) {
        return level + 1 < levels ? config::time_strides[static_cast<std::size_t>(level)] : 1;
    }
    /// The same of height and width.
    static constexpr int space_stride(int level) {
        if (level + 1 >= levels) return 1;
        if constexpr (config::space_strides.empty()) return 2;
        else return config::space_strides[static_cast<std::size_t>(level)];
    }
    static constexpr int space_factor() {
        int factor = 1;
        for (int l = 0; l < levels - 1; ++l) factor *= space_stride(l);
        return factor;
    }
    /// Frames of a level per latent frame.
    static constexpr int time_factor(int level) {
        int factor = 1;
        for (int l = level; l < levels - 1; ++l) factor *= time_stride(l);
        return factor;
    }
    /// Pixels per latent frame, and per side of a latent element.
    static constexpr int time_compression = valid ? time_factor(0) : 1, space_compression = valid ? space_factor() : 1;
};

} // namespace walt
