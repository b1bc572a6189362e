// A critic's config: a struct of constants. A variant inherits one and overrides a member (docs/model.md 11).
#pragma once

#include "../config/base.hpp"
#include "../core/video.hpp"

#include <array>
#include <cstddef>
#include <utility>

namespace walt {

/// Every field with the values of the paper's critic (of clips of 17 x 128 x 128, and of images).
struct critic_config {
    static constexpr int channels = 128;                            ///< f: behind the stem
    static constexpr std::array<int, 5> multipliers{2, 4, 4, 4, 4}; ///< of each block, which halves every axis
    static constexpr int dense = 512;                               ///< width of the layer before the logit
    static constexpr int frames = 17, height = 128, width = 128;    ///< of a clip; images have the same size
    static constexpr int in_channels = 3;

    /// field(name, value) for every field of Config, which derives from this.
    template <class Config> static constexpr void describe(auto&& field) {
        field("channels", Config::channels);
        field("multipliers", Config::multipliers);
        field("dense", Config::dense);
        field("frames", Config::frames);
        field("height", Config::height);
        field("width", Config::width);
        field("in_channels", Config::in_channels);
    }
};

namespace presets {
/// The paper's critic.
struct walt_critic : critic_config {};
} // namespace presets

namespace rules {
template <int Value> constexpr bool critic_size_is_positive() {
    constexpr bool holds = Value > 0;
    static_assert(holds, "channels, multipliers, dense, frames, height, width and in_channels of a critic must be "
                         "positive");
    return holds;
}
template <int Blocks> constexpr bool critic_has_blocks() {
    constexpr bool holds = Blocks >= 1 && Blocks <= 10;
    static_assert(holds, "a critic has 1 to 10 blocks (its multipliers)");
    return holds;
}
} // namespace rules

/// What follows from a config: the numbers that modules take. Mistakes in the config stop here, one sentence each.
template <class Config> struct critic_dimensions {
    using config = config_of<Config, critic_config>;
    static constexpr int blocks = static_cast<int>(config::multipliers.size());
    static constexpr int in_channels = config::in_channels, dense = config::dense;

    template <std::size_t... Block> static constexpr bool multipliers_are_positive(std::index_sequence<Block...>) {
        return (true && ... && rules::critic_size_is_positive<config::multipliers[Block]>());
    }
    static constexpr bool valid =
        rules::critic_size_is_positive<config::channels>() && rules::critic_size_is_positive<dense>() &&
        rules::critic_size_is_positive<config::frames>() && rules::critic_size_is_positive<config::height>() &&
        rules::critic_size_is_positive<config::width>() && rules::critic_size_is_positive<in_channels>() &&
        rules::critic_has_blocks<blocks>() &&
        multipliers_are_positive(std::make_index_sequence<config::multipliers.size()>{});

    /// Channels behind so many blocks.
    static constexpr int channels(int behind) {
        return behind == 0 ? config::channels
                           : config::channels * config::multipliers[static_cast<std::size_t>(behind - 1)];
    }
    /// An axis behind all blocks, each of which makes n' = (n + 1) / 2 of n.
    static constexpr std::int64_t after(std::int64_t extent) {
        for (int i = 0; i < blocks; ++i) extent = (extent + 1) / 2;
        return extent;
    }
    static constexpr int last_channels = channels(blocks);
    /// What the head sees of a clip.
    static constexpr int flat =
        static_cast<int>(after(config::frames) * after(config::height) * after(config::width)) * last_channels;
};

} // namespace walt
