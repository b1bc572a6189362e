// What a clip of a cascade costs, before there are weights or a machine: its networks run on the meta device.
#pragma once

#include "../config/cascade.hpp"
#include "../tokenizer/network.hpp"
#include "cost.hpp"

#include <algorithm>
#include <vector>

namespace walt {

/// How often the networks of a cascade are asked.
struct cascade_course {
    int steps = 50;           ///< of every stage's sampler
    bool guided = true;       ///< every step asks twice: with the conditions and without
    std::int64_t samples = 1; ///< clips
};

struct cascade_cost {
    std::vector<cost> step; ///< of each stage: one step of its denoiser
    cost decode;            ///< of the last stage's latents, one latent frame after another
    /// All of it, without the text encoder and without the tokenizers of earlier stages, of which sampling asks
    /// nothing; activations: the most at one time.
    cost whole;
};

/// cost_of(presets::paper_cascade{}, compute<bf16>)
template <class... Stage, class T>
cascade_cost cost_of(cascade_config<Stage...>, compute_t<T>, cascade_course how = {}) {
    using cascade = cascade_config<Stage...>;
    static_assert(cascade::valid);
    using last = typename cascade::last;
    using network = tokenizer_network<typename last::tokenizer>;
    using A = accumulate_t<T>;
    cascade_cost made;
    (made.step.push_back(
         sampling_cost(typename Stage::denoiser{}, compute<T>, how.guided ? 2 * how.samples : how.samples)),
     ...);

    meta::context ctx;
    const model<meta::context, network, T> tokens(ctx);
    const video_size frame{how.samples, 1, last::denoiser::height, last::denoiser::width};
    history kept;
    for (int f = 0; f < last::denoiser::frames; ++f) {
        const arena::scope scope(ctx.arena);
        const chunk of{f == 0 ? nullptr : &kept, &kept};
        const auto z = frame.take<A, network::latent_channels>(ctx.arena);
        const auto x = network::pixel_size(frame, of.begins()).template take<A, network::pixel_channels>(ctx.arena);
        tokens.network().denormalise(ctx, tokens.weights(), z, z);
        tokens.network().decode(ctx, tokens.weights(), z, x, of);
    }
    made.decode = {parameter_count<network>, ctx.flops, ctx.bytes, ctx.arena.peak() + kept.bytes()};

    made.whole = made.decode;
    for (const cost& one : made.step) {
        made.whole.parameters += one.parameters;
        made.whole.flops += how.steps * one.flops;
        made.whole.bytes += how.steps * one.bytes;
        made.whole.activations = std::max(made.whole.activations, one.activations);
    }
    return made;
}

} // namespace walt
