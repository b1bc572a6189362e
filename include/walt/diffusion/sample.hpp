// Sampling a trained denoiser: texts, classes or nothing in, latents or videos out (paper sec. 4.3, 5.3; spec 2).
#pragma once

#include "../io/frames.hpp"
#include "../text/text_batch.hpp"
#include "../transformer/denoiser.hpp"
#include "ddim.hpp"
#include "denoising.hpp"

namespace walt {

/// Texts to make samples of, one each.
struct prompts {
    std::vector<std::string> texts;
    prompts(std::initializer_list<std::string> list) : texts(list) {}
    explicit prompts(std::vector<std::string> list) : texts(std::move(list)) {}
};

/// Classes to make samples of, one each: 0 .. classes - 1.
struct labels {
    std::vector<std::int32_t> classes;
    labels(std::initializer_list<std::int32_t> list) : classes(list) {}
    explicit labels(std::vector<std::int32_t> list) : classes(std::move(list)) {}
};

/// So many samples of no text and no class.
struct unconditional {
    std::int64_t samples = 1;
};

/// How to sample.
struct sampling {
    ddim steps{};
    guidance guide{};
    walt::seed seed{0};
    bool images = false;                  ///< a sample is a stack of F images instead of a video
    std::function<void(int step)> seen{}; ///< called after each DDIM step with its number, counted from 0
    noise_schedule schedule{};            ///< that of the training
};

/// Latents [B, F, H, W, C] in host memory, normalised. `given` has every condition on the device: label or text of a
/// model that has them, known and mask (frame prediction), low_resolution; `without` differs in what guidance takes
/// away.
template <class Denoiser, class A, class Config>
std::vector<float> sample_latents(const Denoiser& model, std::int64_t samples, denoiser_input<A, Config> given,
                                  const denoiser_input<A, Config>& without, const sampling& how) {
    require(samples >= 1, "sampling makes 1 sample or more, not {}", samples);
    if constexpr (Config::super_resolution)
        require(given.low_resolution.extent(0) == samples,
                "super-resolution of {} samples needs as many low-resolution latents, not {}", samples,
                given.low_resolution.extent(0));
    auto& ctx = model.context();
    const arena::scope scope(ctx.arena);
    given.is_image =
        to_device<std::uint8_t>(ctx, std::vector<std::uint8_t>(static_cast<std::size_t>(samples), how.images)).read();
    const auto x =
        ctx.arena.template take<A, dynamic, Config::frames, Config::height, Config::width, Config::channels>(samples);
    ops::normal(ctx, philox{how.seed.value, 0}, x);
    run_ddim(
        ctx, how.steps, how.guide, how.schedule, given, philox{how.seed.value, 1}, x,
        [&](auto in, bool conditional, auto v) {
            in.label = (conditional ? given : without).label;
            in.text_row = (conditional ? given : without).text_row;
            model.predict(in, v);
        },
        [&](int k, auto) {
            if (how.seen) how.seen(k);
        });
    std::vector<A> host(static_cast<std::size_t>(x.size()));
    ctx.download(host.data(), x.data(), host.size() * sizeof(A));
    return {host.begin(), host.end()};
}

/// What a model is given that is told nothing: the null class, the empty text. Its memory is the arena's.
template <class Denoiser> auto no_conditions(const Denoiser& model, std::int64_t samples) {
    using config = typename Denoiser::config_type;
    using A = typename Denoiser::master_type;
    require(samples >= 1, "sampling makes 1 sample or more, not {}", samples);
    auto& ctx = model.context();
    const auto frames = static_cast<std::size_t>(samples * config::frames);
    denoiser_input<A, config> input;
    if constexpr (config::classes > 0)
        input.label = to_device<std::int32_t>(ctx, std::vector<std::int32_t>(frames, config::classes)).read();
    if constexpr (config::text_dim > 0) {
        const auto zeros = to_device<A>(ctx, std::vector<A>(std::size_t{config::text_tokens} * config::text_dim));
        input.text = view<A, dynamic, config::text_dim>(zeros.data(), config::text_tokens).read();
        input.text_valid = to_device<std::uint8_t>(ctx, std::vector<std::uint8_t>(config::text_tokens, 0)).read();
        input.text_row = to_device<std::int32_t>(ctx, std::vector<std::int32_t>(frames, 0)).read();
    }
    return input;
}

/// Latents of one sample a text. The text encoder must be the one of training.
template <class Denoiser, text_encoder Encoder>
std::vector<float> sample_latents(const Denoiser& model, const Encoder& encoder, const prompts& wanted,
                                  const sampling& how = {}) {
    using config = typename Denoiser::config_type;
    using A = typename Denoiser::master_type;
    static_assert(config::text_dim > 0,
                  "this model has no text conditioning (text_dim is 0): it cannot be sampled with prompts");
    require(encoder.dim() == config::text_dim && encoder.max_tokens() == config::text_tokens,
            "the text encoder gives {} tokens of {} numbers, the model takes {} of {}", encoder.max_tokens(),
            encoder.dim(), config::text_tokens, config::text_dim);
    const auto samples = static_cast<std::int64_t>(wanted.texts.size());
    auto& ctx = model.context();
    const arena::scope scope(ctx.arena);
    std::vector<std::string> captions;
    for (const std::string& text : wanted.texts) captions.insert(captions.end(), config::frames, text);
    const text_batch text = encode_captions(encoder, captions);

    auto given = no_conditions(model, samples), without = given;
    const auto numbers = to_device<A>(ctx, text.vectors);
    without.text = given.text =
        view<A, dynamic, config::text_dim>(numbers.data(), numbers.size() / config::text_dim).read();
    without.text_valid = given.text_valid =
        to_device<std::uint8_t>(ctx, text.valid).read(); // text 0 is the empty one
    given.text_row = to_device<std::int32_t>(ctx, text.row).read();
    return sample_latents(model, samples, given, without, how);
}

/// Latents of one sample a class.
template <class Denoiser>
std::vector<float> sample_latents(const Denoiser& model, const labels& wanted, const sampling& how = {}) {
    using config = typename Denoiser::config_type;
    static_assert(config::classes > 0, "this model has no classes (classes is 0): it cannot be sampled with labels");
    const auto samples = static_cast<std::int64_t>(wanted.classes.size());
    auto& ctx = model.context();
    const arena::scope scope(ctx.arena);
    std::vector<std::int32_t> frames;
    for (const std::int32_t label : wanted.classes) {
        require(label >= 0 && label < config::classes, "a model of {} classes has no class {}", config::classes, label);
        frames.insert(frames.end(), config::frames, label);
    }
    auto given = no_conditions(model, samples);
    const auto without = given;
    given.label = to_device<std::int32_t>(ctx, frames).read();
    return sample_latents(model, samples, given, without, how);
}

/// Latents of samples of no text and no class: there is nothing to guide, so the guidance is off.
template <class Denoiser>
std::vector<float> sample_latents(const Denoiser& model, unconditional wanted, sampling how = {}) {
    how.guide = {};
    const arena::scope scope(model.context().arena);
    const auto given = no_conditions(model, wanted.samples);
    return sample_latents(model, wanted.samples, given, given, how);
}

/// The videos (or images, one latent frame each) of normalised latents [B, F, H, W, C] that a denoiser of Config made.
template <class Config, class Tokenizer>
std::vector<video> decode_samples(const Tokenizer& tokenizer, const std::vector<float>& latents, bool images = false) {
    constexpr std::int64_t size = std::int64_t{Config::frames} * Config::height * Config::width * Config::channels;
    const std::int64_t samples = static_cast<std::int64_t>(latents.size()) / size;
    const std::int64_t count = images ? samples * Config::frames : samples, frames = images ? 1 : Config::frames;
    const auto pixels = Tokenizer::module_type::pixel_size({count, frames, Config::height, Config::width});
    return to_videos(tokenizer.decode(latents, count, frames, Config::height, Config::width), count,
                     static_cast<int>(pixels.frames), static_cast<int>(pixels.height), static_cast<int>(pixels.width));
}

/// sample(model, tokenizer, text_encoder, prompts{...}, how), or with labels or unconditional and no encoder: videos.
template <class Denoiser, class Tokenizer, text_encoder Encoder>
std::vector<video> sample(const Denoiser& model, const Tokenizer& tokenizer, const Encoder& encoder,
                          const prompts& wanted, const sampling& how = {}) {
    return decode_samples<typename Denoiser::config_type>(tokenizer, sample_latents(model, encoder, wanted, how),
                                                          how.images);
}
template <class Denoiser, class Tokenizer>
std::vector<video> sample(const Denoiser& model, const Tokenizer& tokenizer, const labels& wanted,
                          const sampling& how = {}) {
    return decode_samples<typename Denoiser::config_type>(tokenizer, sample_latents(model, wanted, how), how.images);
}
template <class Denoiser, class Tokenizer>
std::vector<video> sample(const Denoiser& model, const Tokenizer& tokenizer, unconditional wanted,
                          const sampling& how = {}) {
    return decode_samples<typename Denoiser::config_type>(tokenizer, sample_latents(model, wanted, how), how.images);
}

} // namespace walt
