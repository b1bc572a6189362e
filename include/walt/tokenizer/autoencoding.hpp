// Clips on their way through a tokenizer and back: what every objective of a tokenizer does before and after it has
// compared pixels.
#pragma once

#include "../core/history.hpp"
#include "../data/clips.hpp"
#include "../ops/diffusion.hpp"
#include "chunks.hpp"
#include "tokenizer.hpp"

#include <optional>
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

/// Puts `other` in the place of pixels that are missing. present: [B, F, H, W] as in clips, or empty.
template <class A, int C>
void replace_missing(auto& ctx, const std::vector<std::uint8_t>& present, const video_view<A, C>& pixels,
                     const video_view<A, C>& other) {
    if (present.empty()) return;
    const arena::scope scope(ctx.arena);
    std::vector<A> is(present.size()), is_not(present.size());
    for (std::size_t i = 0; i < present.size(); ++i) {
        is[i] = A(present[i] != 0 ? 1 : 0);
        is_not[i] = 1 - is[i];
    }
    ops::frame_blend(ctx, to_device<A>(ctx, is), pixels, to_device<A>(ctx, is_not), other, pixels);
}

/// Encoded, noised, decoded. All of it lies in the arena: whoever makes one opens an arena::scope around it. `chunk`
/// latent frames pass at once, with their activations only: each runs forward three times. Of what chunks leave for
/// each other about the root of it is in memory (chunk_histories), and so are pixels and latents of the whole video,
/// which are small beside it. So a loss compares whole videos, and the gradients are those of the whole, but for the
/// order in which sums over frames are added (docs/model.md 3).
/// Where a real pixel is missing, the decoded one is what the real is taken for, so that whatever looks at both sees no
/// difference there; and no gradient comes back from there.
template <class Model> class autoencoding {
  public:
    using A = typename Model::master_type;
    using T = typename Model::compute_type;
    using network = typename Model::module_type;
    using clip = video_view<A, network::pixel_channels>;
    using latent = video_view<A, network::latent_channels>;

    /// noise: the deviation of Gaussian noise from `random` on the latents. chunk: 0 or more; 0 is all frames at once.
    /// Throws where there would be several chunks of a network that sees the future.
    autoencoding(const Model& model, const clip_group& of, double noise, philox random, activations keep,
                 std::int64_t chunk = 0)
        : real(take_pixels(model, of.size)), decoded(take_pixels(model, of.size)),
          gradient(take_pixels(model, of.size)), chunks_(chunks_in(of, chunk)), keep_(keep), encodings_(chunks_.size()),
          decodings_(chunks_.size()), z_(take_latents(model, network::latent_size(of.size))),
          noisy_(take_latents(model, size_of(z_))), present_(of.part.present) {
        if (is_whole()) {
            encoding_.emplace(model.context().arena, of.size, keep);
            decoding_.emplace(model.context().arena, size_of(z_), keep);
        }
        run(model, of, noise, random);
        replace_missing(model.context(), present_, decoded, real);
    }

    clip real, decoded;
    clip gradient; ///< of decoded: to be written before backward

    /// Adds the parameters' gradients, and of pull sum z^2. last: no other pass adds to them (the sink's ready). Uses
    /// up `gradient`.
    template <gradient_sink Sink>
    void backward(const Model& model, double pull, const Sink& sink, bool last = true) const;
    std::int64_t latents() const { return z_.size(); }
    /// Where the chunks lie; one, where all frames pass at once.
    const std::vector<chunk_frames>& chunks() const { return chunks_; }

  private:
    bool is_whole() const { return chunks_.size() == 1; }

    void run(const Model& model, const clip_group& of, double noise, philox random);
    /// Chunk i alone, inference; what is made lies in the arena's open scope.
    latent encode(const Model& model, std::size_t i, const chunk& at) const {
        const auto x = pixels_of(model.context(), real, i);
        const auto z = take_latents(model, network::latent_size(size_of(x), i == 0));
        model.network().encode(model.context(), model.weights(), x, z, at);
        return z;
    }
    clip decode(const Model& model, std::size_t i, const chunk& at) const {
        const auto z = latents_of(model.context(), noisy_, i);
        const auto x = take_pixels(model, network::pixel_size(size_of(z), i == 0));
        model.network().decode(model.context(), model.weights(), z, x, at);
        return x;
    }

    /// Chunks from the last to the first: forward(i, at) where a history is made again, back(i, at, g) of each. The
    /// histories are a copy, since a pass back uses them up.
    static void backward_in_chunks(auto& ctx, chunk_histories passes, const auto& sink, auto&& forward, auto&& back) {
        const auto again = [&](std::size_t i, const chunk& at) {
            const arena::scope one(ctx.arena);
            forward(i, at);
        };
        passes.backward(again, [&](std::size_t i, const chunk& at) {
            const arena::scope one(ctx.arena);
            auto g = sink;
            g.last = sink.last && i == 0;
            back(i, at, g);
        });
    }
    void decode_backward(const Model& model, const latent& dz, const auto& sink) const {
        auto& ctx = model.context();
        const auto again = [&](std::size_t i, const chunk& at) { decode(model, i, at); };
        backward_in_chunks(ctx, decodings_, sink, again, [&](std::size_t i, const chunk& at, const auto& g) {
            const auto z = latents_of(ctx, noisy_, i), dz_part = take_latents(model, size_of(z));
            const auto dx = pixels_of(ctx, gradient, i), x = take_pixels(model, size_of(dx));
            const typename network::template decoder_saved<T> kept(ctx.arena, size_of(z), passage{keep_, at});
            model.network().decode(ctx, model.weights(), z, x, kept);
            model.network().decode_backward(ctx, model.weights(), z, kept, dx, dz_part, g);
            put_frames(ctx, dz_part, dz, chunks_[i].latent);
        });
    }
    void encode_backward(const Model& model, const latent& dz, const auto& sink) const {
        auto& ctx = model.context();
        const auto again = [&](std::size_t i, const chunk& at) { encode(model, i, at); };
        backward_in_chunks(ctx, encodings_, sink, again, [&](std::size_t i, const chunk& at, const auto& g) {
            const auto x = pixels_of(ctx, real, i);
            const auto dz_part = latents_of(ctx, dz, i), z = take_latents(model, size_of(dz_part));
            const typename network::template encoder_saved<T> kept(ctx.arena, size_of(x), passage{keep_, at});
            model.network().encode(ctx, model.weights(), x, z, kept);
            model.network().encode_backward(ctx, model.weights(), x, kept, dz_part, none{}, g);
        });
    }

    clip pixels_of(auto& ctx, const clip& of, std::size_t i) const {
        return frames_of(ctx, of, chunks_[i].pixel, chunks_[i].pixels);
    }
    latent latents_of(auto& ctx, const latent& of, std::size_t i) const {
        return frames_of(ctx, of, chunks_[i].latent, chunks_[i].latents);
    }
    static std::vector<chunk_frames> chunks_in(const clip_group& of, std::int64_t chunk) {
        require(chunk >= 0, "a chunk is a number of latent frames, or 0 for all of them; it is {}", chunk);
        const std::int64_t all = network::latent_size(of.size).frames;
        require(network::dims::sees_no_future || chunk == 0 || chunk >= all,
                "this tokenizer sees the future, so its videos of {} latent frames cannot come in chunks of {}: its "
                "config must be causal or per_frame",
                all, chunk);
        return chunks_of(all, chunk > 0 ? chunk : all, network::dims::time_compression);
    }
    static clip take_pixels(const Model& model, const video_size& size) {
        return size.template take<A, network::pixel_channels>(model.context().arena);
    }
    static latent take_latents(const Model& model, const video_size& size) {
        return size.template take<A, network::latent_channels>(model.context().arena);
    }

    std::vector<chunk_frames> chunks_;
    activations keep_;
    chunk_histories encodings_, decodings_; ///< what chunks leave; nothing where there is one
    latent z_, noisy_;
    std::vector<std::uint8_t> present_;                                   ///< of the clips
    std::optional<typename network::template encoder_saved<T>> encoding_; ///< of all frames at once
    std::optional<typename network::template decoder_saved<T>> decoding_;
};

template <class Model>
void autoencoding<Model>::run(const Model& model, const clip_group& of, double noise, philox random) {
    auto& ctx = model.context();
    const arena::scope scope(ctx.arena);
    const std::vector<float> seen = of.part.seen();
    const std::vector<A> host(seen.begin(), seen.end());
    ctx.upload(real.data(), host.data(), host.size() * sizeof(A));
    if (is_whole()) model.network().encode(ctx, model.weights(), real, z_, *encoding_);
    else
        encodings_.forward([&](std::size_t i, const chunk& at) {
            const arena::scope one(ctx.arena);
            put_frames(ctx, encode(model, i, at), z_, chunks_[i].latent);
        });
    const auto drawn = take_latents(model, size_of(z_));
    ops::normal(ctx, random, drawn);
    ops::blend(ctx, 1, z_, noise, drawn, noisy_);
    if (is_whole()) model.network().decode(ctx, model.weights(), noisy_, decoded, *decoding_);
    else
        decodings_.forward([&](std::size_t i, const chunk& at) {
            const arena::scope one(ctx.arena);
            put_frames(ctx, decode(model, i, at), decoded, chunks_[i].pixel);
        });
}

template <class Model>
template <gradient_sink Sink>
void autoencoding<Model>::backward(const Model& model, double pull, const Sink& sink, bool last) const {
    require(keeps_activations(keep_), "training needs activations: keep must not be activations::none");
    auto& ctx = model.context();
    const arena::scope scope(ctx.arena);
    const one_of_passes g{sink, last};
    const auto dz = take_latents(model, size_of(z_));
    if (!present_.empty()) {
        const arena::scope inner(ctx.arena);
        const auto zero = take_pixels(model, size_of(real));
        ops::fill(ctx, zero, 0);
        replace_missing(ctx, present_, gradient, zero);
    }
    if (is_whole()) model.network().decode_backward(ctx, model.weights(), noisy_, *decoding_, gradient, dz, g);
    else decode_backward(model, dz, g);
    ops::blend(ctx, 1, dz, 2 * pull, z_, dz);
    if (is_whole()) model.network().encode_backward(ctx, model.weights(), real, *encoding_, dz, none{}, g);
    else encode_backward(model, dz, g);
}

} // namespace walt
