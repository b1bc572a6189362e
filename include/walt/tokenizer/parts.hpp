// What the encoder and the decoder have in common: the middle, the last map, and the names of levels.
#pragma once

#include "../nn/chain.hpp"
#include "../nn/compute_copy.hpp"
#include "../nn/norm_silu_conv3d.hpp"
#include "../nn/resample.hpp"
#include "../nn/residual_blocks.hpp"
#include "config.hpp"

namespace walt {

/// "0" to "9".
template <int Level> struct level_name {
    static_assert(Level >= 0 && Level <= 9, "a tokenizer has at most ten levels");
    static constexpr char name[] = {static_cast<char>('0' + Level), '\0'};
};

/// A level's blocks between In and Out channels.
template <class Dims, int In, int Out>
using tokenizer_blocks = nn::residual_blocks<In, Out, Dims::blocks, Dims::norm_groups, Dims::around()>;

/// A convolution of 3 x 3 x 3.
template <class Dims, int In, int Out, bool HasBias>
using tokenizer_conv = nn::conv3d<In, Out, Dims::around(), HasBias>;

/// Residual blocks at the latent's size.
template <class Dims> struct tokenizer_middle {
    static constexpr int C = Dims::channels(Dims::levels);
    tokenizer_blocks<Dims, C, C> blocks;
    static constexpr void each(auto& self, auto&& visit) { visit("blocks", self.blocks); }
};

} // namespace walt
