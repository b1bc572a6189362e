// The whole tokenizer network: encoder, decoder, and the statistics that normalise its latents (paper sec. 4.1,
// docs/model.md 3).
#pragma once

#include "decoder.hpp"
#include "encoder.hpp"

namespace walt {

/// Mean and deviation of the training latents by channel: measured, not trained.
template <int Latent> struct latent_normalisation {
    statistic<init::zero, Latent> mean;
    statistic<init::one, Latent> deviation;
    static constexpr void each(auto& self, auto&& visit) {
        visit("mean", self.mean);
        visit("std", self.deviation);
    }
};

/// A network of this config. Pixels [B, F, H, W, in_channels] lie in [-1, 1]; latents are [B, f, h, w, c] with
/// F = 1 + (f - 1) time_compression, H = h space_compression. A pass is
///   saved keep(ctx.arena, size, activations::all); encode(ctx, w, x, z, keep); ...;
///   encode_backward(ctx, w, x, keep, dz, dx, g);
/// with an arena::scope around it. A sink's ready(i) counts the parts as they run: of L levels the encoder's are 0 to
/// L - 1 and its middle is L, the decoder's middle is L + 1 and its levels are L + 2 to 2 L + 1. Of a chunk that goes
/// on from another (docs/model.md 3), F = f time_compression.
template <class Config, bool Valid = tokenizer_dimensions<Config>::valid> struct tokenizer_network {
    using config_type = Config;
    using dims = tokenizer_dimensions<Config>;
    static constexpr int latent_channels = dims::latent, pixel_channels = dims::in_channels;

    walt::encoder<dims> encoder;
    walt::decoder<dims> decoder;
    latent_normalisation<dims::latent> latent;

    static constexpr void each(auto& self, auto&& visit) {
        visit("encoder", self.encoder);
        visit("decoder", self.decoder);
        visit("latent", self.latent);
    }
    template <class T> using encoder_saved = typename walt::encoder<dims>::template saved<T>;
    template <class T> using decoder_saved = typename walt::decoder<dims>::template saved<T>;

    /// The latent's size for pixels of this size; throws where the network cannot divide them. begins: they begin their
    /// video.
    static video_size latent_size(const video_size& pixels, bool begins = true) {
        constexpr int s = dims::time_compression, p = dims::space_compression;
        require(!begins || (pixels.frames >= 1 && (pixels.frames - 1) % s == 0),
                "this tokenizer takes 1 + {} k frames (its time strides' product is {}), not {}", s, s, pixels.frames);
        require(begins || (pixels.frames >= 1 && pixels.frames % s == 0),
                "a later chunk of a video has {} k frames for this tokenizer (its time strides' product is {}), not {}",
                s, s, pixels.frames);
        require(pixels.height > 0 && pixels.height % p == 0 && pixels.width > 0 && pixels.width % p == 0,
                "this tokenizer takes heights and widths that are multiples of {} (its space strides' product); they "
                "are {} and "
                "{}",
                p, pixels.height, pixels.width);
        return {pixels.batch, (pixels.frames + (begins ? s - 1 : 0)) / s, pixels.height / p, pixels.width / p};
    }
    static constexpr video_size pixel_size(const video_size& latents, bool begins = true) {
        constexpr int s = dims::time_compression;
        return {latents.batch, latents.frames * s - (begins ? s - 1 : 0), latents.height * dims::space_compression,
                latents.width * dims::space_compression};
    }

    /// z = encoder(x).
    template <class T, class X, class Z>
    void encode(auto& ctx, const weights<T>& w, X x, Z z, const encoder_saved<T>& keep) const {
        const video_size right = latent_size(size_of(x), keep.begins());
        require(size_of(z) == right,
                "the latent of {} frames of {} x {} has {} frames of {} x {}, but the result has {} of {} x {}",
                x.extent(1), x.extent(2), x.extent(3), right.frames, right.height, right.width, z.extent(1),
                z.extent(2), z.extent(3));
        encoder.forward(ctx, w, x, z, keep);
    }
    /// The same for inference, of a whole video or a chunk; activations are given back.
    template <class T, class X, class Z>
    void encode(auto& ctx, const weights<T>& w, X x, Z z, const chunk& of = {}) const {
        const arena::scope scope(ctx.arena);
        latent_size(size_of(x), of.begins());
        encode(ctx, w, x, z, encoder_saved<T>(ctx.arena, size_of(x), passage{activations::none, of}));
    }
    /// dx = the gradient of <z, dz> (pass none{} to leave it out); adds to the parameters' gradients.
    template <class T, class X, class DZ, class DX>
    void encode_backward(auto& ctx, const weights<T>& w, X x, const encoder_saved<T>& keep, DZ dz, DX dx,
                         const auto& g) const {
        encoder.backward(ctx, w, x, keep, dz, dx, g);
    }

    /// x = decoder(z), z not normalised.
    template <class T, class Z, class X>
    void decode(auto& ctx, const weights<T>& w, Z z, X x, const decoder_saved<T>& keep) const {
        const video_size right = pixel_size(size_of(z), keep.begins());
        require(size_of(x) == right,
                "a latent of {} frames of {} x {} decodes to {} frames of {} x {}, but the result has {} of {} x {}",
                z.extent(1), z.extent(2), z.extent(3), right.frames, right.height, right.width, x.extent(1),
                x.extent(2), x.extent(3));
        decoder.forward(ctx, w, z, x, keep);
    }
    template <class T, class Z, class X>
    void decode(auto& ctx, const weights<T>& w, Z z, X x, const chunk& of = {}) const {
        const arena::scope scope(ctx.arena);
        decode(ctx, w, z, x, decoder_saved<T>(ctx.arena, size_of(z), passage{activations::none, of}));
    }
    template <class T, class Z, class DX, class DZ>
    void decode_backward(auto& ctx, const weights<T>& w, Z z, const decoder_saved<T>& keep, DX dx, DZ dz,
                         const auto& g) const {
        decoder.backward(ctx, w, z, keep, dx, dz, g);
    }

    /// What the denoiser sees of the latent z: (z - mean) / std by channel. y may be z.
    template <class T, class Z, class Y> void normalise(auto& ctx, const weights<T>& w, Z z, Y y) const {
        ops::normalise(ctx, z, w.exact(latent.mean), w.exact(latent.deviation), y);
    }
    /// The inverse.
    template <class T, class Y, class Z> void denormalise(auto& ctx, const weights<T>& w, Y y, Z z) const {
        ops::denormalise(ctx, y, w.exact(latent.mean), w.exact(latent.deviation), z);
    }
};

/// A config that breaks a rule: the rule's sentence is the error, and nothing else is built.
template <class Config> struct tokenizer_network<Config, false> : nothing {};

} // namespace walt
