// Sampling a trained denoiser: prompts or labels in, latents out (paper sec. 4.3; spec 2).
#pragma once

#include "../text/text_batch.hpp"
#include "../transformer/denoiser.hpp"
#include "ddim.hpp"
#include "denoising.hpp"

namespace walt {

/// Texts to make videos of.
struct prompts {
    std::vector<std::string> texts;
    prompts(std::initializer_list<std::string> list) : texts(list) {}
    explicit prompts(std::vector<std::string> list) : texts(std::move(list)) {}
};

/// How to sample. `seen` is called after each DDIM step with its number, counted from 0.
struct sampling {
    ddim steps{};
    guidance guide{};
    walt::seed seed{0};
    std::function<void(int step)> seen{};
};

/// Latents [B, F, H, W, C] of B videos, one for every text. The text encoder must be the one of training.
template <class Denoiser, class Encoder>
std::vector<float> sample_latents(const Denoiser& model, const Encoder& encoder, const prompts& texts, const sampling& how) {
    using config = typename Denoiser::config_type;
    static_assert(config::text_dim > 0, "this model has no text conditioning (text_dim is 0): it cannot be sampled with prompts");
    using A = typename Denoiser::master_type;
    constexpr int F = config::frames;
    require(encoder.dim() == config::text_dim && encoder.max_tokens() == config::text_tokens, "the text encoder gives ",
            encoder.max_tokens(), " tokens of ", encoder.dim(), " numbers, the model takes ", config::text_tokens, " of ", config::text_dim);
    auto& ctx = model.context();
    const arena::scope scope(ctx.arena);
    const auto B = static_cast<std::int64_t>(texts.texts.size());

    std::vector<std::string> captions;
    for (const std::string& text : texts.texts) captions.insert(captions.end(), F, text);
    const text_batch text = encode_captions(encoder, captions);
    const auto rows = to_device<std::int32_t>(ctx, text.text_row);
    const auto no_text = to_device<std::int32_t>(ctx, std::vector<std::int32_t>(text.text_row.size(), 0));
    const auto numbers = to_device<A>(ctx, text.text);

    denoiser_input<A, config> input;
    input.is_image = to_device<std::uint8_t>(ctx, std::vector<std::uint8_t>(texts.texts.size(), 0)).read();
    input.text = view<A, dynamic, config::text_dim>(numbers.data(), numbers.size() / config::text_dim).read();
    input.text_valid = to_device<std::uint8_t>(ctx, text.text_valid).read();

    const auto x = ctx.arena.template take<A, dynamic, F, config::height, config::width, config::channels>(B);
    ops::normal(ctx, philox{how.seed.value, 0}, x);
    run_ddim(
        ctx, how.steps, how.guide, noise_schedule{}, input, philox{how.seed.value, 1}, x,
        [&](auto in, bool conditional, auto v) {
            in.text_row = (conditional ? rows : no_text).read();
            model.predict(in, v);
        },
        [&](int k, auto) {
            if (how.seen) how.seen(k);
        });
    std::vector<A> host(static_cast<std::size_t>(x.size()));
    ctx.download(host.data(), x.data(), host.size() * sizeof(A));
    return {host.begin(), host.end()};
}

} // namespace walt
