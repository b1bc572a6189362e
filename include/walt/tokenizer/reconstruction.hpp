// The tokenizer's first objective: reconstruct pixels through the latent (paper sec. 3, the reconstruction term).
#pragma once

#include "../data/clips.hpp"
#include "../ops/diffusion.hpp"
#include "../ops/reconstruction.hpp"
#include "tokenizer.hpp"

#include <vector>

namespace walt {

/// mean (x - x^)^2 + absolute mean |x - x^|, with a pull on the latents that keeps their scale, and noise on them that
/// keeps neighbours in latent space alike: such latents are easier to diffuse. The last three are choices. A stack of F
/// images is encoded and decoded as F images; in a batch with videos and stacks every number of every pixel counts the
/// same, and so does every number of every latent.
struct reconstruction {
    float absolute = 0.1f;
    float latent_pull = 1e-3f; ///< adds latent_pull mean z^2 to the loss (its gradient; not to the value reported)
    float latent_noise = 0.1f; ///< deviation of Gaussian noise added to z
    activations keep = activations::all; ///< or rematerialise: less memory, more work

    /// Writes the loss of a batch to `loss` on the device and adds its gradient to g; the host does not wait.
    template <class Model, class Sink, class A>
    void operator()(Model& model, const clips& batch, const Sink& g, philox random, view<A, 1> loss) const {
        constexpr int C = Model::module_type::pixel_channels;
        batch.check();
        require(batch.shape.channels == C, "the tokenizer takes pixels of {} channels, not of {}", C,
                batch.shape.channels);
        auto& ctx = model.context();
        const arena::scope scope(ctx.arena);
        const clips videos = batch.part(false), stacks = batch.part(true);
        const video_size clip_size{videos.shape.count, videos.shape.frames, videos.shape.height, videos.shape.width},
            image_size{stacks.shape.count * stacks.shape.frames, 1, stacks.shape.height, stacks.shape.width};
        if (stacks.shape.count == 0) return one_kind(model, videos.pixels, clip_size, {}, g, random, loss);
        if (videos.shape.count == 0) return one_kind(model, stacks.pixels, image_size, {}, g, random, loss);

        using network = typename Model::module_type;
        const auto part = [](std::int64_t of, std::int64_t other) {
            return static_cast<double>(of) / static_cast<double>(of + other);
        };
        const double pixels = part(clip_size.positions(), image_size.positions()),
                     latents = part(network::latent_size(clip_size).positions(),
                                    network::latent_size(image_size).positions());
        const auto of_videos = ctx.arena.template take<A, 1>(), of_images = ctx.arena.template take<A, 1>();
        const philox others{random.seed ^ 0x696d61676573u, random.stream}; // the images' noise is not the videos'
        one_kind(model, videos.pixels, clip_size, {pixels, latents}, g, random, of_videos);
        one_kind(model, stacks.pixels, image_size, {1 - pixels, 1 - latents}, g, others, of_images);
        ops::frame_blend(ctx, constant<A>(ctx, pixels), of_videos, constant<A>(ctx, 1 - pixels), of_images, loss);
    }

  private:
    /// What part of a batch's pixels and of its latents are of one kind.
    struct shares {
        double pixels = 1, latents = 1;
    };

    /// Writes the mean loss of videos of this size to `loss` and adds their share of the batch's gradient to g.
    template <class Model, class Sink, class A>
    void one_kind(Model& model, const std::vector<float>& from, const video_size& pixels, shares share, const Sink& g,
                  philox random, view<A, 1> loss) const {
        using network = typename Model::module_type;
        using T = typename Model::compute_type;
        constexpr int C = network::pixel_channels, c = network::latent_channels;
        auto& ctx = model.context();
        const auto w = model.weights();
        const arena::scope scope(ctx.arena);
        const video_size latents = network::latent_size(pixels);
        const auto x = pixels.template take<A, C>(ctx.arena), decoded = pixels.template take<A, C>(ctx.arena),
                   dx = pixels.template take<A, C>(ctx.arena);
        const auto z = latents.template take<A, c>(ctx.arena), dz = latents.template take<A, c>(ctx.arena),
                   noise = latents.template take<A, c>(ctx.arena);
        const std::vector<A> host(from.begin(), from.end());
        ctx.upload(x.data(), host.data(), host.size() * sizeof(A));

        typename network::template encoder_saved<T> encoding(ctx.arena, pixels, keep);
        model.network().encode(ctx, w, x, z, encoding);
        const auto one = constant<A>(ctx, 1), deviation = constant<A>(ctx, static_cast<double>(latent_noise));
        const auto noisy = latents.template take<A, c>(ctx.arena);
        ops::normal(ctx, random, noise);
        ops::frame_blend(ctx, one, z, deviation, noise, noisy);

        typename network::template decoder_saved<T> decoding(ctx.arena, latents, keep);
        model.network().decode(ctx, w, noisy, decoded, decoding);
        ops::reconstruction_error(ctx, decoded, x, static_cast<double>(absolute), loss, dx);
        if (share.pixels != 1) ops::frame_blend(ctx, constant<A>(ctx, share.pixels), dx, constant<A>(ctx, 0), dx, dx);
        model.network().decode_backward(ctx, w, noisy, decoding, dx, dz, g);
        const auto pull =
            constant<A>(ctx, 2.0 * static_cast<double>(latent_pull) * share.latents / static_cast<double>(z.size()));
        ops::frame_blend(ctx, one, dz, pull, z, dz);
        model.network().encode_backward(ctx, w, x, encoding, dz, none{}, g);
    }

    template <class A> static view<A, dynamic> constant(auto& ctx, double value) {
        const auto one = ctx.arena.template take<A, dynamic>(1);
        ops::fill(ctx, one, value);
        return one;
    }
};

} // namespace walt
