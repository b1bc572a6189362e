// Training a tokenizer on videos that are longer than memory holds: forward and backward chunk by chunk.
#pragma once

#include "../core/history.hpp"
#include "../data/video_shape.hpp"
#include "network.hpp"

#include <algorithm>
#include <vector>

namespace walt {

/// Where a chunk lies in its video: first frame and count, of pixels and of latents.
struct chunk_frames {
    std::int64_t pixel = 0, pixels = 0, latent = 0, latents = 0;
};

/// A video of so many latent frames in chunks of at most `most`, of which each makes time_compression frames of pixels
/// but the video's first, which makes one.
inline std::vector<chunk_frames> chunks_of(std::int64_t latent_frames, std::int64_t most, int time_compression) {
    require(most >= 1, "a chunk has 1 latent frame or more, not {}", most);
    std::vector<chunk_frames> all;
    for (std::int64_t at = 0, pixel = 0; at < latent_frames; at += most) {
        const std::int64_t count = std::min(most, latent_frames - at),
                           pixels = count * time_compression - (at == 0 ? time_compression - 1 : 0);
        all.push_back({pixel, pixels, at, count});
        pixel += pixels;
    }
    return all;
}

namespace detail {
/// Frames of a video on the device, copied out of it and into it.
template <class T, int C>
video_view<T, C> copied_frames(auto& ctx, const video_view<T, C>& from, std::int64_t first, std::int64_t count) {
    const auto part = video_size{from.extent(0), count, from.extent(2), from.extent(3)}.template take<T, C>(ctx.arena);
    for (std::int64_t b = 0; b < from.extent(0); ++b)
        for (std::int64_t f = 0; f < count; ++f) ops::convert(ctx, frame_of(from, b, first + f), frame_of(part, b, f));
    return part;
}
template <class T, int C>
void put_frames(auto& ctx, const video_view<T, C>& part, const video_view<T, C>& to, std::int64_t first) {
    for (std::int64_t b = 0; b < part.extent(0); ++b)
        for (std::int64_t f = 0; f < part.extent(1); ++f)
            ops::convert(ctx, frame_of(part, b, f), frame_of(to, b, first + f));
}
} // namespace detail

/// Adds the gradient of a loss over pixels to g, through decoder and encoder, with the activations of one chunk at a
/// time. What the chunks' convolutions leave stays in memory, and so do the latents; every chunk runs forward twice.
/// The gradients are those of the whole video at once, but for the order in which sums over frames are added.
///   pixels, size   the videos [B, F, H, W, C], in host memory
///   most           latent frames of a chunk
///   between(z)     what is decoded of all latents z [B, f, h, w, c] (A): z itself, or z with noise
///   compare(chunk_frames, decoded, x, dx)   assigns the loss's gradient by the decoded frames of a chunk, which are x;
///                  called from the last chunk to the first
///   pull(z, dz)    adds to the gradient of the latents what the loss has of z directly
template <class Model, class Sink, class Between, class Compare, class Pull>
void train_in_chunks(Model& model, const std::vector<float>& pixels, const video_size& size, std::int64_t most,
                     activations keep, Between&& between, Compare&& compare, Pull&& pull, const Sink& g) {
    using network = typename Model::module_type;
    using T = typename Model::compute_type;
    using A = accumulate_t<T>;
    constexpr int C = network::pixel_channels, c = network::latent_channels;
    static_assert(
        network::dims::sees_no_future,
        "a tokenizer is trained chunk by chunk only if no frame sees a later one: its config must be causal or "
        "per_frame");
    require(keeps_activations(keep), "training needs activations: keep must not be activations::none");
    auto& ctx = model.context();
    const network& net = model.network();
    const auto w = model.weights();
    const arena::scope scope(ctx.arena);
    const video_size latents = network::latent_size(size);
    const std::vector<chunk_frames> chunks = chunks_of(latents.frames, most, network::dims::time_compression);
    chunk_histories encoded(chunks.size()), decoded(chunks.size());
    const auto z = latents.template take<A, c>(ctx.arena), dz = latents.template take<A, c>(ctx.arena);
    const auto part = [&](const chunk_frames& of) {
        const auto some = detail::some_frames(pixels, size.batch, size.frames, of.pixel, of.pixels);
        const auto x = video_size{size.batch, of.pixels, size.height, size.width}.template take<A, C>(ctx.arena);
        const std::vector<A> host(some.begin(), some.end());
        ctx.upload(x.data(), host.data(), host.size() * sizeof(A));
        return x;
    };
    const auto room = [&](const chunk_frames& of) {
        return video_size{latents.batch, of.latents, latents.height, latents.width}.template take<A, c>(ctx.arena);
    };

    for (std::size_t i = 0; i < chunks.size(); ++i) {
        const arena::scope one(ctx.arena);
        const auto z_part = room(chunks[i]);
        net.encode(ctx, w, part(chunks[i]), z_part, encoded.forward(i));
        detail::put_frames(ctx, z_part, z, chunks[i].latent);
    }
    const auto given = between(z);
    for (std::size_t i = 0; i + 1 < chunks.size(); ++i) { // the last leaves nothing
        const arena::scope one(ctx.arena);
        const auto z_part = detail::copied_frames(ctx, given, chunks[i].latent, chunks[i].latents);
        const auto x = video_size{size.batch, chunks[i].pixels, size.height, size.width}.template take<A, C>(ctx.arena);
        net.decode(ctx, w, z_part, x, decoded.forward(i));
    }
    for (std::size_t i = chunks.size(); i-- > 0;) {
        const arena::scope one(ctx.arena);
        const auto z_part = detail::copied_frames(ctx, given, chunks[i].latent, chunks[i].latents),
                   dz_part = room(chunks[i]);
        const auto x = part(chunks[i]), y = size_of(x).template take<A, C>(ctx.arena),
                   dy = size_of(x).template take<A, C>(ctx.arena);
        const typename network::template decoder_saved<T> kept(ctx.arena, size_of(z_part),
                                                               passage{keep, decoded.backward(i)});
        net.decode(ctx, w, z_part, y, kept);
        compare(chunks[i], y, x, dy);
        net.decode_backward(ctx, w, z_part, kept, dy, dz_part, g);
        detail::put_frames(ctx, dz_part, dz, chunks[i].latent);
    }
    pull(z, dz);
    for (std::size_t i = chunks.size(); i-- > 0;) {
        const arena::scope one(ctx.arena);
        const auto x = part(chunks[i]);
        const auto z_part = room(chunks[i]),
                   dz_part = detail::copied_frames(ctx, dz, chunks[i].latent, chunks[i].latents);
        const typename network::template encoder_saved<T> kept(ctx.arena, size_of(x),
                                                               passage{keep, encoded.backward(i)});
        net.encode(ctx, w, x, z_part, kept);
        net.encode_backward(ctx, w, x, kept, dz_part, none{}, g);
    }
}

} // namespace walt
