// A cascade by its configs, and what must hold between its stages (paper sec. 4.5, 5.3; docs/model.md 16).
#pragma once

#include "../tokenizer/config.hpp"
#include "denoiser.hpp"
#include "latent_channels.hpp"

#include <cstddef>
#include <tuple>
#include <utility>

namespace walt {

/// A stage: the config of a denoiser, and that of the tokenizer of its latents.
template <class Denoiser, class Tokenizer> struct stage_config {
    using denoiser = config_of<Denoiser, denoiser_config>;
    using tokenizer = config_of<Tokenizer, tokenizer_config>;
};

namespace rules {

template <bool SuperResolution> constexpr bool a_first_stage_enlarges_nothing() {
    constexpr bool holds = !SuperResolution;
    static_assert(holds, "the first stage of a cascade has no stage before it whose latents it could enlarge "
                         "(super_resolution must be false)");
    return holds;
}
template <bool SuperResolution> constexpr bool a_later_stage_enlarges() {
    constexpr bool holds = SuperResolution;
    static_assert(holds, "behind the first, every stage of a cascade enlarges the latents of the stage before "
                         "(super_resolution must be true)");
    return holds;
}
template <int Height, int Width, int HeightBefore, int WidthBefore> constexpr bool a_stage_doubles_the_one_before() {
    constexpr bool holds = Height == 2 * HeightBefore && Width == 2 * WidthBefore;
    static_assert(holds,
                  "a stage's latents must be twice as high and twice as wide as those of the stage before, which "
                  "are its low-resolution input (height and width)");
    return holds;
}
template <int Frames, int Before> constexpr bool stages_have_the_same_frames() {
    constexpr bool holds = Frames == Before;
    static_assert(holds, "all stages of a cascade must have latents of as many frames (frames)");
    return holds;
}
template <int Channels, int Before> constexpr bool stages_have_the_same_channels() {
    constexpr bool holds = Channels == Before;
    static_assert(holds, "a stage's latents must have as many channels as those of the stage before, which are its "
                         "low-resolution input (channels)");
    return holds;
}
template <int Dim, int Tokens, int DimBefore, int TokensBefore> constexpr bool stages_read_the_same_texts() {
    constexpr bool holds = Dim == DimBefore && Tokens == TokensBefore;
    static_assert(holds, "all stages of a cascade must read texts of one encoder (text_dim and text_tokens)");
    return holds;
}
template <int Classes, int Numbers, int ClassesBefore, int NumbersBefore> constexpr bool stages_are_told_the_same() {
    constexpr bool holds = Classes == ClassesBefore && Numbers == NumbersBefore;
    static_assert(holds, "all stages of a cascade must be told the same (classes and numbers)");
    return holds;
}
template <int Space, int Time, int SpaceBefore, int TimeBefore> constexpr bool stages_compress_alike() {
    constexpr bool holds = Space == SpaceBefore && Time == TimeBefore;
    static_assert(holds, "the tokenizers of a cascade must compress space and time alike, so that twice the latent is "
                         "twice the frame (space_strides and time_strides)");
    return holds;
}

} // namespace rules

namespace detail {
template <class Stage>
inline constexpr bool
    stage_fits = rules::a_tokenizer_decodes_the_latents<Stage::denoiser::channels, Stage::tokenizer::latent>();

template <class Stage, class Before> constexpr bool follows() {
    using now = typename Stage::denoiser;
    using before = typename Before::denoiser;
    using tokens = tokenizer_dimensions<typename Stage::tokenizer>;
    using tokens_before = tokenizer_dimensions<typename Before::tokenizer>;
    return rules::a_later_stage_enlarges<now::super_resolution>() &&
           rules::stages_have_the_same_frames<now::frames, before::frames>() &&
           rules::stages_have_the_same_channels<now::channels, before::channels>() &&
           rules::a_stage_doubles_the_one_before<now::height, now::width, before::height, before::width>() &&
           rules::stages_read_the_same_texts<now::text_dim, now::text_tokens, before::text_dim,
                                             before::text_tokens>() &&
           rules::stages_are_told_the_same<now::classes, now::numbers, before::classes, before::numbers>() &&
           rules::stages_compress_alike<tokens::space_compression, tokens::time_compression,
                                        tokens_before::space_compression, tokens_before::time_compression>();
}
} // namespace detail

/// Stages from the smallest on; a mistake between them is one sentence when it compiles.
template <class First, class... Later> struct cascade_config {
    static constexpr int stages = 1 + sizeof...(Later);
    template <std::size_t At> using stage = std::tuple_element_t<At, std::tuple<First, Later...>>;
    using last = stage<sizeof...(Later)>;

    template <std::size_t... At> static constexpr bool all_follow(std::index_sequence<At...>) {
        return (true && ... && detail::follows<stage<At + 1>, stage<At>>());
    }
    static constexpr bool valid =
        rules::a_first_stage_enlarges_nothing<First::denoiser::super_resolution>() && detail::stage_fits<First> &&
        (true && ... && detail::stage_fits<Later>)&&all_follow(std::make_index_sequence<sizeof...(Later)>{});
};

} // namespace walt
