// Clips on their way through a tokenizer and back: what every objective of a tokenizer does before and after it has
// compared pixels.
#pragma once

#include "../data/clips.hpp"
#include "../ops/diffusion.hpp"
#include "tokenizer.hpp"

#include <vector>

namespace walt {

/// Pixels in host memory of videos of one size; a stack of F images is F videos of one frame.
struct clip_group {
    clips part;
    video_size size;
};

/// A batch as at most two groups, videos before images. Throws where the pixels are not what Model takes.
template <class Model> std::vector<clip_group> clip_groups(const clips& batch) {
    constexpr int C = Model::module_type::pixel_channels;
    batch.check();
    require(batch.shape.channels == C, "the tokenizer takes pixels of {} channels, not of {}", C, batch.shape.channels);
    std::vector<clip_group> groups;
    for (const bool stacks : {false, true}) {
        clips part = batch.part(stacks);
        const video_shape& of = part.shape;
        const video_size size = stacks ? video_size{of.count * of.frames, 1, of.height, of.width}
                                       : video_size{of.count, of.frames, of.height, of.width};
        if (of.count > 0) groups.push_back({std::move(part), size});
    }
    return groups;
}

/// What decoded pixels are compared with: the real ones, and where those are missing the decoded, which differ by
/// nothing. present: [B, F, H, W] as in clips, or empty. In the arena's open scope where something may be missing.
template <class A, int C>
video_view<A, C> without_missing(auto& ctx, const std::vector<std::uint8_t>& present, const video_view<A, C>& real,
                                 const video_view<A, C>& decoded) {
    if (present.empty()) return real;
    const auto target = size_of(real).template take<A, C>(ctx.arena);
    const arena::scope scope(ctx.arena);
    std::vector<A> is(present.size()), is_not(present.size());
    for (std::size_t i = 0; i < present.size(); ++i) {
        is[i] = A(present[i] != 0 ? 1 : 0);
        is_not[i] = 1 - is[i];
    }
    ops::frame_blend(ctx, to_device<A>(ctx, is), real, to_device<A>(ctx, is_not), decoded, target);
    return target;
}

/// Encoded, noised, decoded. All of it lies in the arena: whoever makes one opens an arena::scope around it.
template <class Model> class autoencoding {
  public:
    using A = typename Model::master_type;
    using T = typename Model::compute_type;
    using network = typename Model::module_type;
    using clip = video_view<A, network::pixel_channels>;
    using latent = video_view<A, network::latent_channels>;

    /// noise: the deviation of Gaussian noise from `random` on the latents.
    autoencoding(const Model& model, const clip_group& of, double noise, philox random, activations keep)
        : real(of.size.template take<A, network::pixel_channels>(model.context().arena)),
          decoded(of.size.template take<A, network::pixel_channels>(model.context().arena)),
          gradient(of.size.template take<A, network::pixel_channels>(model.context().arena)),
          z_(take_latent(model, of)), noisy_(take_latent(model, of)), encoding_(model.context().arena, of.size, keep),
          decoding_(model.context().arena, network::latent_size(of.size), keep) {
        run(model, of, noise, random);
        target = without_missing(model.context(), of.part.present, real, decoded);
    }

    clip real, decoded;
    clip gradient; ///< of decoded: to be written before backward
    clip target;   ///< what decoded is compared with: real, where it is not missing

    /// Adds the parameters' gradients, and of pull sum z^2.
    void backward(const Model& model, double pull, const auto& g) const {
        auto& ctx = model.context();
        const arena::scope scope(ctx.arena);
        const auto dz = size_of(z_).template take<A, network::latent_channels>(ctx.arena);
        model.network().decode_backward(ctx, model.weights(), noisy_, decoding_, gradient, dz, g);
        ops::blend(ctx, 1, dz, 2 * pull, z_, dz);
        model.network().encode_backward(ctx, model.weights(), real, encoding_, dz, none{}, g);
    }
    std::int64_t latents() const { return z_.size(); }

  private:
    void run(const Model& model, const clip_group& of, double noise, philox random) const {
        auto& ctx = model.context();
        const arena::scope scope(ctx.arena);
        const std::vector<float> seen = of.part.seen();
        const std::vector<A> host(seen.begin(), seen.end());
        ctx.upload(real.data(), host.data(), host.size() * sizeof(A));
        model.network().encode(ctx, model.weights(), real, z_, encoding_);
        const auto drawn = take_latent(model, of);
        ops::normal(ctx, random, drawn);
        ops::blend(ctx, 1, z_, noise, drawn, noisy_);
        model.network().decode(ctx, model.weights(), noisy_, decoded, decoding_);
    }
    static latent take_latent(const Model& model, const clip_group& of) {
        return network::latent_size(of.size).template take<A, network::latent_channels>(model.context().arena);
    }

    latent z_, noisy_;
    typename network::template encoder_saved<T> encoding_;
    typename network::template decoder_saved<T> decoding_;
};

} // namespace walt
