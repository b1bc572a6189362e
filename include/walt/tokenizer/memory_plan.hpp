// What the streams of a tokenizer need of the device's memory, found without one: both pass over two chunks on the meta
// device, which counts.
#pragma once

#include "../core/model.hpp"
#include "../meta.hpp"
#include "streaming.hpp"

namespace walt {

/// Bytes of the device's memory that a stream needs beside the tokenizer's weights, however long the video is: an upper
/// bound for every device, without the workspaces of cuDNN's engines.
struct stream_memory {
    std::size_t arena = 0; ///< most at once while a chunk passes: at least the peak of the context's arena
    std::size_t kept = 0;  ///< from chunk to chunk, exactly: what stream.bytes() says
    constexpr std::size_t all() const { return arena + kept; }
};
/// Of both streams. They may share a context, whose arena then needs the larger of the two.
struct streaming_memory {
    stream_memory encode, decode;
};

/// What streams of this config need in this compute type, for videos of this many samples, height and width (frames and
/// channels of the shape are not read). Throws where the network cannot divide height and width.
template <class Config, class T>
streaming_memory memory_plan(Config, compute_t<T>, const video_shape& videos, streaming how = {}) {
    using network = tokenizer_network<Config>;
    using A = accumulate_t<T>;
    constexpr std::int64_t s = network::dims::time_compression;
    const auto planned = [&](auto&& pass) {
        meta::context ctx;
        ctx.workspaces = true;
        const model<meta::context, network, T> net(ctx);
        history kept;
        for (const chunk& of : {chunk{nullptr, &kept}, chunk{&kept, &kept}}) {
            const arena::scope scope(ctx.arena);
            const video_size pixels{videos.count, how.latent_frames * s - (of.begins() ? s - 1 : 0), videos.height,
                                    videos.width};
            const auto x = pixels.take<A, network::pixel_channels>(ctx.arena);
            const auto z =
                network::latent_size(pixels, of.begins()).template take<A, network::latent_channels>(ctx.arena);
            pass(ctx, net, x, z, of);
        }
        return stream_memory{ctx.arena.peak(), kept.bytes()};
    };
    return {planned([](auto& ctx, const auto& net, auto x, auto z, const chunk& of) {
                net.network().encode(ctx, net.weights(), x, z, of);
            }),
            planned([](auto& ctx, const auto& net, auto x, auto z, const chunk& of) {
                net.network().decode(ctx, net.weights(), z, x, of);
            })};
}

} // namespace walt
