// What a tokenizer's streams and its training need of the device's memory, found without one: the meta device counts.
// For streams, encoder and decoder pass over two chunks there, for training an objective over a batch.
#pragma once

#include "../core/counting_context.hpp"
#include "../core/model.hpp"
#include "../data/clips.hpp"
#include "../meta.hpp"
#include "streaming.hpp"

namespace walt {

/// Bytes of the device's memory that a stream needs beside the tokenizer's weights, however long the video is: an upper
/// bound for every device.
struct stream_memory {
    std::size_t arena = 0; ///< most at once while a chunk passes: at least the peak of the context's arena
    std::size_t kept = 0;  ///< from chunk to chunk, exactly: what stream.bytes() says
    /// On CUDA, what cuDNN's engines may take of the arena beside, at most: cuda::context::most_workspace.
    std::size_t workspace = convolution_workspace;
    /// In all; on a host, whose libraries are counted in `arena`, and on CUDA.
    constexpr std::size_t on_host() const { return arena + kept; }
    constexpr std::size_t on_cuda() const { return on_host() + workspace; }
};
/// Of both streams. They may share a context, whose arena then needs the larger of the two.
struct streaming_memory {
    stream_memory encode, decode;
};

/// What streams of this config need in this compute type, for videos of this many samples, height and width (frames and
/// channels of the shape are not read). The config must be one that streams take. Throws where the network cannot
/// divide height and width, and for no samples.
template <class Config, class T>
streaming_memory memory_plan(Config, compute_t<T>, const video_shape& videos, streaming how = {}) {
    using network = tokenizer_network<Config>;
    using A = accumulate_t<T>;
    [[maybe_unused]] constexpr bool streams = rules::a_stream_sees_no_future<network::dims::sees_no_future>();
    require(videos.count >= 1, "a stream is of 1 video or more, not of {}", videos.count);
    how.check();
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

/// Bytes of the device's memory that the gradient of a loss needs beside the model and that gradient: an upper bound
/// for every device. On the cpu device each thread's scratch lies beside it: what a product packs of one operand.
struct training_memory {
    std::size_t arena = 0;     ///< at least the peak of the context's arena
    std::size_t histories = 0; ///< most at once of what chunks leave (core/history.hpp), which lies beside it
    std::size_t workspace = convolution_workspace; ///< as in stream_memory
    constexpr std::size_t on_host() const { return arena + histories; }
    constexpr std::size_t on_cuda() const { return on_host() + workspace; }
};

/// What a step of this objective (train/objective.hpp) needs for a batch of such videos: one that takes any model, as
/// walt::reconstruction does. The videos' pixels are taken of the host's memory while this runs.
template <class Config, class T, class Objective>
training_memory memory_plan(Config, compute_t<T>, const Objective& objective, const video_shape& videos) {
    using A = accumulate_t<T>;
    counting_context<meta::context> ctx;
    ctx.workspaces = true;
    model<counting_context<meta::context>, tokenizer_network<Config>, T> net(ctx);
    clips batch{.shape = videos};
    batch.pixels.resize(static_cast<std::size_t>(videos.size()));
    const std::size_t before = ctx.allocated->now;
    const arena::scope scope(ctx.arena);
    objective(net, batch, gradients<A>{nullptr}, philox{}, ctx.arena.template take<A, 1>());
    return {ctx.arena.peak(), ctx.allocated->most - before};
}

} // namespace walt
