// The tokenizer's first objective: reconstruct pixels through the latent (paper sec. 3, the reconstruction term).
#pragma once

#include "../core/range.hpp"
#include "../ops/reconstruction.hpp"
#include "autoencoding.hpp"

#include <vector>

namespace walt {

/// mean (x - x^)^2 + absolute mean |x - x^|, with a pull on the latents that keeps their scale, and noise on them that
/// keeps neighbours in latent space alike: such latents are easier to diffuse. The last three are choices. A stack of F
/// images is encoded and decoded as F images; in a batch with videos and stacks every number of every pixel counts the
/// same, and so does every number of every latent. Pixels that are missing (clips::present) are seen as 0 and not
/// compared.
struct reconstruction {
    using of_config = tokenizer_config;
    using batch_type = clips;

    float absolute = 0.1f;
    float latent_pull = 1e-3f; ///< adds latent_pull mean z^2 to the loss (its gradient; not to the value reported)
    float latent_noise = 0.1f; ///< deviation of Gaussian noise added to z
    activations keep = activations::all; ///< or rematerialise: less memory, more work
    std::int64_t chunk = 0; ///< latent frames that pass at once, for videos longer than memory holds; 0: all. Each
                            ///< chunk runs forward three times; the config must be causal or per_frame

    void each_option(auto&& option) const {
        option("reconstruction::absolute", absolute, ranges::not_negative);
        option("reconstruction::latent_pull", latent_pull, ranges::not_negative);
        option("reconstruction::latent_noise", latent_noise, ranges::not_negative);
        option("reconstruction::chunk", chunk, ranges::not_negative);
    }

    /// Writes the loss of a batch to `loss` on the device and adds its gradient to g; the host does not wait.
    template <class Model, class Sink, class A>
    void operator()(Model& model, const clips& batch, const Sink& g, philox random, view<A, 1> loss) const {
        auto& ctx = model.context();
        const arena::scope scope(ctx.arena);
        const std::vector<clip_group> groups = clip_groups<Model>(batch);
        using network = typename Model::module_type;
        std::int64_t latents = 0;
        for (const clip_group& of : groups) latents += network::latent_size(of.size).positions();
        const std::int64_t there = batch.pixels_present();
        require(there > 0, "a batch of {} samples without a pixel that is present has no loss", batch.shape.count);
        const double pull = static_cast<double>(latent_pull) / static_cast<double>(latents * network::latent_channels);
        ops::fill(ctx, loss, 0);
        for (const clip_group& of : groups) { // one after another: only one is in memory
            const arena::scope inner(ctx.arena);
            const bool images = of.part.is_stack(0);
            const philox own{images && groups.size() > 1 ? random.seed ^ 0x696d61676573u : random.seed, random.stream};
            const autoencoding<Model> pass(model, of, static_cast<double>(latent_noise), own, keep, chunk);
            compare(ctx, pass.decoded, pass.real, there, loss, pass.gradient);
            pass.backward(model, pull, g, &of == &groups.back());
        }
    }

  private:
    /// Adds to the loss what these pixels are of the mean over all `there` are, and assigns its gradient.
    template <class Video, class A>
    void compare(auto& ctx, const Video& decoded, const Video& target, std::int64_t there, view<A, 1> loss,
                 const Video& gradient) const {
        const arena::scope scope(ctx.arena);
        const auto mean = ctx.arena.template take<A, 1>();
        ops::reconstruction_error(ctx, decoded, target, static_cast<double>(absolute), mean, gradient);
        const double share = static_cast<double>(size_of(target).positions()) / static_cast<double>(there);
        ops::blend(ctx, 1, loss, share, mean, loss);
        if (share != 1) ops::blend(ctx, share, gradient, 0, none{}, gradient);
    }
};

} // namespace walt
