// The tokenizer's first objective: reconstruct pixels through the latent (paper sec. 3, the reconstruction term).
#pragma once

#include "../data/clips.hpp"
#include "../ops/diffusion.hpp"
#include "../ops/reconstruction.hpp"
#include "tokenizer.hpp"

namespace walt {

/// mean (x - x^)^2 + absolute mean |x - x^|, with a pull on the latents that keeps their scale, and noise on them that
/// keeps neighbours in latent space alike: such latents are easier to diffuse. The last three are choices.
struct reconstruction {
    float absolute = 0.1f;
    float latent_pull = 1e-3f; ///< adds latent_pull mean z^2 to the loss (its gradient; not to the value reported)
    float latent_noise = 0.1f; ///< deviation of Gaussian noise added to z

    /// Writes the loss of a batch to `loss` on the device and adds its gradient to g; the host does not wait.
    template <class Model, class A>
    void operator()(Model& model, const clips& batch, gradients<A> g, philox random, view<A, 1> loss) const {
        using network = typename Model::module_type;
        constexpr int C = network::pixel_channels, c = network::latent_channels;
        auto& ctx = model.context();
        const auto w = model.weights();
        using T = typename Model::compute_type;
        const arena::scope scope(ctx.arena);
        batch.check();
        require(batch.shape.channels == C, "the tokenizer takes pixels of {} channels, not of {}", C,
                batch.shape.channels);
        const video_size pixels{batch.shape.count, batch.shape.frames, batch.shape.height, batch.shape.width},
            latents = network::latent_size(pixels);
        const auto x = pixels.template take<A, C>(ctx.arena), decoded = pixels.template take<A, C>(ctx.arena),
                   dx = pixels.template take<A, C>(ctx.arena);
        const auto z = latents.template take<A, c>(ctx.arena), dz = latents.template take<A, c>(ctx.arena),
                   noise = latents.template take<A, c>(ctx.arena);
        const std::vector<A> host(batch.pixels.begin(), batch.pixels.end());
        ctx.upload(x.data(), host.data(), host.size() * sizeof(A));

        typename network::template encoder_saved<T> encoding(ctx.arena, pixels, pass::training);
        model.network().encode(ctx, w, x, z, encoding);
        const auto one = constant<A>(ctx, 1), share = constant<A>(ctx, static_cast<double>(latent_noise));
        const auto noisy = latents.template take<A, c>(ctx.arena);
        ops::normal(ctx, random, noise);
        ops::frame_blend(ctx, one, z, share, noise, noisy);

        typename network::template decoder_saved<T> decoding(ctx.arena, latents, pass::training);
        model.network().decode(ctx, w, noisy, decoded, decoding);
        ops::reconstruction_error(ctx, decoded, x, static_cast<double>(absolute), loss, dx);
        model.network().decode_backward(ctx, w, noisy, decoding, dx, dz, g);
        const auto pull = constant<A>(ctx, 2.0 * static_cast<double>(latent_pull) / static_cast<double>(z.size()));
        ops::frame_blend(ctx, one, dz, pull, z, dz);
        model.network().encode_backward(ctx, w, encoding, dz, none{}, g);
    }

  private:
    template <class A> static view<A, dynamic> constant(auto& ctx, double value) {
        const auto one = ctx.arena.template take<A, dynamic>(1);
        ops::fill(ctx, one, value);
        return one;
    }
};

} // namespace walt
