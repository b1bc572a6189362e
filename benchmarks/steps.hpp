// The training step and the sampling step of a model on a device, and what they are fed with.
#pragma once

#include <walt/diffusion/cost.hpp>
#include <walt/diffusion/denoising.hpp>
#include <walt/train/objective.hpp>

namespace walt::benchmarks {

/// Videos of random latents with every condition that Config has.
template <class Config> latents drawn_batch(std::int64_t samples) {
    latents batch;
    const philox numbers{1, 1};
    const auto videos = static_cast<std::size_t>(samples), frames = videos * Config::frames;
    batch.shape = {samples, Config::frames, Config::height, Config::width, Config::channels};
    batch.values.resize(static_cast<std::size_t>(batch.shape.size()));
    for (std::size_t i = 0; i < batch.values.size(); ++i) batch.values[i] = numbers.normal(i);
    if (Config::classes > 0) batch.labels.assign(frames, 0);
    if (Config::numbers > 0) batch.numbers.assign(frames * static_cast<std::size_t>(Config::numbers), 0.5f);
    if (Config::text_dim > 0) { // text 0 is the empty one
        const std::size_t positions = (videos + 1) * Config::text_tokens;
        batch.text.tokens = Config::text_tokens;
        batch.text.dim = Config::text_dim;
        batch.text.vectors.assign(positions * static_cast<std::size_t>(Config::text_dim), 0.5f);
        batch.text.valid.assign(positions, 1);
        std::fill_n(batch.text.valid.begin(), Config::text_tokens, std::uint8_t{0});
        for (std::size_t f = 0; f < frames; ++f)
            batch.text.row.push_back(static_cast<std::int32_t>(f / Config::frames + 1));
    }
    if (Config::super_resolution) batch.low_resolution.assign(batch.values.size() / 4, 0.5f);
    return batch;
}

/// The same as an input of the network, in the arena.
template <class Config, class Context> denoiser_input<float, Config> drawn_input(Context& ctx, std::int64_t samples) {
    const auto videos = static_cast<std::size_t>(samples), frames = videos * Config::frames;
    const draws drawn{.level = std::vector<std::int32_t>(frames, 500),
                      .mask = std::vector<float>(frames, 0.0f),
                      .low_level = std::vector<std::int32_t>(videos, 100)};
    auto on = on_device<Config, float>(ctx, drawn_batch<Config>(samples), drawn);
    on.input.noisy = on.input.self_condition = on.x0.read();
    return on.input;
}

} // namespace walt::benchmarks
