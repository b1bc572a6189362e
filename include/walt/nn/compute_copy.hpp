// A video in the compute type: what a convolution sees of a float32 stream, and its weight gradient sees again.
#pragma once

#include "../core/history.hpp"
#include "../core/video.hpp"
#include "../ops/pointwise.hpp"

namespace walt::nn {

/// x [B, F, H, W, C] in T: kept for the pass back, made again there, or not needed, as the pass's activations say.
template <class T, int C> struct compute_copy {
    activations kept;
    chunk of;                ///< its place in the video
    video_view<T, C> memory; ///< only where all activations are kept

    compute_copy(arena& from, const video_size& size, const passage& how)
        : kept(how.kept), of(how.of),
          memory(kept == activations::all ? size.template take<T, C>(from) : video_view<T, C>()) {}

    /// x in T, in memory or in the arena's open scope.
    auto forward(auto& ctx, auto x) const {
        const auto copy = kept == activations::all ? memory : size_of(x).template take<T, C>(ctx.arena);
        ops::convert(ctx, x, copy);
        return copy;
    }
    /// The same for the weight gradient; empty where none will be asked for.
    auto backward(auto& ctx, auto x) const { return kept == activations::rematerialise ? forward(ctx, x) : memory; }
};

} // namespace walt::nn
