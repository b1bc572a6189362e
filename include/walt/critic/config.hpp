// A critic's config: a struct of constants. A variant inherits one and overrides a member (docs/model.md 11).
#pragma once

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
template <int Value> struct critic_size_is_positive {
    static constexpr bool value = Value > 0;
    static_assert(value, "channels, multipliers, dense, frames, height, width and in_channels of a critic must be "
                         "positive");
};
template <int Blocks> struct critic_has_blocks {
    static constexpr bool value = Blocks >= 1 && Blocks <= 10;
    static_assert(value, "a critic has 1 to 10 blocks (its multipliers)");
};
} // namespace rules

/// What follows from a config: the numbers that modules take. Mistakes in the config stop here, one sentence each.
template <class Config> struct critic_dimensions {
    static constexpr int blocks = static_cast<int>(Config::multipliers.size());
    static constexpr int in_channels = Config::in_channels, dense = Config::dense;

    template <std::size_t... Block> static constexpr bool multipliers_are_positive(std::index_sequence<Block...>) {
        return (true && ... && rules::critic_size_is_positive<Config::multipliers[Block]>::value);
    }
    static constexpr bool valid =
        rules::critic_size_is_positive<Config::channels>::value && rules::critic_size_is_positive<dense>::value &&
        rules::critic_size_is_positive<Config::frames>::value &&
        rules::critic_size_is_positive<Config::height>::value && rules::critic_size_is_positive<Config::width>::value &&
        rules::critic_size_is_positive<in_channels>::value && rules::critic_has_blocks<blocks>::value &&
        multipliers_are_positive(std::make_index_sequence<Config::multipliers.size()>{});

    /// Channels behind so many blocks.
    static constexpr int channels(int behind) {
        return behind == 0 ? Config::channels
                           : Config::channels * Config::multipliers[static_cast<std::size_t>(behind - 1)];
    }
    /// An axis behind all blocks, each of which makes n' = (n + 1) / 2 of n.
    static constexpr std::int64_t after(std::int64_t extent) {
        for (int i = 0; i < blocks; ++i) extent = (extent + 1) / 2;
        return extent;
    }
    static constexpr int last_channels = channels(blocks);
    /// What the head sees of a clip.
    static constexpr int flat =
        static_cast<int>(after(Config::frames) * after(Config::height) * after(Config::width)) * last_channels;
};

} // namespace walt
