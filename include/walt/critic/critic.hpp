// A critic that can be trained and asked: the network of a config with its parameters on a device.
#pragma once

#include "../core/model.hpp"
#include "../data/clips.hpp"
#include "network.hpp"

#include <vector>

namespace walt {

/// critic(device, config{}, compute<bf16>, seed{1}).
template <class Context, class Config, class T, class Storage = resident>
struct critic : model<Context, critic_network<Config>, T, Storage> {
    using base = model<Context, critic_network<Config>, T, Storage>;
    using config_type = config_of<Config, critic_config>;
    using A = accumulate_t<T>;

    critic(Context& ctx, Config, compute_t<T>, seed from = {}) requires Storage::writable : base(ctx, from) {}
    template <weights_source Source>
    critic(Context& ctx, Config, compute_t<T>, const Source& from) : base(ctx, typename base::unfilled{}) {
        from.fill(*this, this->memory_);
    }
    using base::base;

    /// How real each of the clips looks: [N] of videos, [N F] of stacks of F images. Videos and stacks do not come in
    /// one batch. Pixels that are missing are seen as 0.
    std::vector<float> logits(const clips& of) const {
        using network = critic_network<Config>;
        of.check();
        require(of.shape.channels == config_type::in_channels, "this critic takes pixels of {} channels, not of {}",
                config_type::in_channels, of.shape.channels);
        const std::int64_t stacks = of.part(true).shape.count;
        require(stacks == 0 || stacks == of.shape.count,
                "{} of {} samples are stacks of images and the others videos: take them apart with part()", stacks,
                of.shape.count);
        auto& ctx = this->context();
        const arena::scope scope(ctx.arena);
        const video_size size = stacks ? video_size{stacks * of.shape.frames, 1, of.shape.height, of.shape.width}
                                       : video_size{of.shape.count, of.shape.frames, of.shape.height, of.shape.width};
        const typename network::template saved<T> made(ctx.arena, size);
        const auto x = size.template take<A, config_type::in_channels>(ctx.arena);
        const std::vector<float> seen = of.seen();
        const std::vector<A> host(seen.begin(), seen.end());
        ctx.upload(x.data(), host.data(), host.size() * sizeof(A));
        this->network().forward(ctx, this->weights(), x, made);
        std::vector<A> found(static_cast<std::size_t>(size.batch));
        ctx.download(found.data(), made.logit.data(), found.size() * sizeof(A));
        return {found.begin(), found.end()};
    }
};

template <class Context, class Config, class T> critic(Context&, Config, compute_t<T>) -> critic<Context, Config, T>;
template <class Context, class Config, class T>
critic(Context&, Config, compute_t<T>, seed) -> critic<Context, Config, T>;
template <class Context, class Config, class T, weights_source Source>
critic(Context&, Config, compute_t<T>, const Source&) -> critic<Context, Config, T, typename Source::storage>;

} // namespace walt
