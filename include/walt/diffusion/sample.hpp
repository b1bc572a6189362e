// Sampling a trained denoiser: texts, classes, any conditions in, latents or videos out (paper sec. 4.3, 5.3;
// docs/model.md 2).
#pragma once

#include "../config/latent_channels.hpp"
#include "../data/latents.hpp"
#include "../data/videos.hpp"
#include "../ops/resting_weights.hpp"
#include "../text/captions.hpp"
#include "../text/unicode.hpp"
#include "../transformer/denoiser.hpp"
#include "conditions.hpp"
#include "sampling.hpp"

#include <cmath>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace walt {

/// Texts to make samples of, one each. Each begins with a noise of its own, named by the text and by how many of the
/// same came before: a sample is the same alone, in a part of the list, and in the whole.
struct prompts {
    std::vector<std::string> texts;
    std::vector<std::uint64_t> noise; ///< of each (noise_name)

    prompts(std::initializer_list<std::string> list) : prompts(std::vector<std::string>(list)) {}
    explicit prompts(std::vector<std::string> list) : texts(std::move(list)) {
        std::map<std::string, std::uint64_t> before;
        for (const std::string& text : texts) noise.push_back(noise_name(text, before[text]++));
    }
    /// Some of the list: what a batch has room for, or the one that is wanted again.
    prompts part(std::size_t first, std::size_t count) const {
        require(first <= texts.size() && count <= texts.size() - first,
                "prompts {} to {} were asked for; the list has {}", first, first + count, texts.size());
        prompts some = *this;
        some.texts.assign(texts.begin() + static_cast<std::ptrdiff_t>(first),
                          texts.begin() + static_cast<std::ptrdiff_t>(first + count));
        some.noise.assign(noise.begin() + static_cast<std::ptrdiff_t>(first),
                          noise.begin() + static_cast<std::ptrdiff_t>(first + count));
        return some;
    }
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

/// Takes `x` [B, F, H, W, C] on the device from noise to latents; seen(k, x0) as in run_sampler.
template <class Denoiser, class T, class Config, class X, class Seen>
void denoise(const Denoiser& model, const prepared_conditions<T, Config>& told, sampling how, X x, Seen&& seen) {
    check_options(how);
    auto& ctx = model.context();
    const arena::scope scope(ctx.arena);
    if (!told.guides) how.guide = {}; // both halves would be one
    auto course = how.guide.off() ? told.unguided() : told;
    const auto rows = static_cast<std::size_t>(course.guides ? 2 * told.samples : told.samples);
    course.input.is_image = to_device<std::uint8_t>(ctx, std::vector<std::uint8_t>(rows, how.images)).read();
    typename Denoiser::kept_blocks kept(ctx.arena, how.reuse.off() ? 0 : static_cast<std::int64_t>(rows), how.reuse);
    [[maybe_unused]] const auto resting = ops::rest_weights(ctx, model.weights(), Denoiser::extent);
    run_sampler(
        ctx, how, course.input, x,
        [&](const auto& in, auto answer) {
            if (how.reuse.off()) model.predict(in, course.network, answer);
            else model.predict(in, course.network, kept, answer);
        },
        seen, told.noise);
}

/// Normalised latents [B, F, H, W, C] of samples whose conditions are prepared: videos, or stacks of images where `how`
/// asks for them.
template <class Denoiser, class T, class Config>
latents sample_latents(const Denoiser& model, const prepared_conditions<T, Config>& told, const sampling& how = {}) {
    using A = typename Denoiser::master_type;
    check_options(how);
    auto& ctx = model.context();
    const arena::scope scope(ctx.arena);
    const auto x = ctx.arena.template take<A, dynamic, Config::frames, Config::height, Config::width, Config::channels>(
        told.samples);
    fill_noise(ctx, how.seed.value, told.noise, x);
    denoise(model, told, how, x, [&](int k, auto) {
        if (how.seen) how.seen(k);
    });
    std::vector<A> host(static_cast<std::size_t>(x.size()));
    ctx.download(host.data(), x.data(), host.size() * sizeof(A));
    latents made;
    made.shape = latents_of<Config>(told.samples);
    for (std::size_t i = 0; i < host.size(); ++i)
        require(std::isfinite(host[i]),
                "sample {} of {} is not finite (the network's latents have {}): its conditions, its weights, or "
                "guidance by {} are too much for it",
                i / static_cast<std::size_t>(made.shape.sample()), told.samples, host[i], how.guide.scale);
    made.values.assign(host.begin(), host.end());
    made.is_image.assign(static_cast<std::size_t>(told.samples), how.images);
    return made;
}

/// The same of samples that are told anything that a model of its config can be.
template <class Denoiser>
latents sample_latents(const Denoiser& model, const conditions& told, const sampling& how = {}) {
    check_options(how); // before what is told is prepared
    return sample_latents(model, prepare(model, told, how.schedule), how);
}

/// What samples of these texts are told, one each. The text encoder must be the one of training.
template <text_encoder Encoder> conditions told(const Encoder& encoder, const prompts& wanted) {
    for (const std::string& text : wanted.texts)
        require(unicode::valid(text), "a prompt is not valid UTF-8: '{}'", text);
    return {.samples = static_cast<std::int64_t>(wanted.texts.size()),
            .text = encode_captions(encoder, wanted.texts),
            .noise = wanted.noise};
}
inline conditions told(const labels& wanted) {
    return {.samples = static_cast<std::int64_t>(wanted.classes.size()), .labels = wanted.classes};
}

/// The same for a model whose text conditioning is that encoder's.
template <class Denoiser, text_encoder Encoder>
conditions told(const Denoiser&, const Encoder& encoder, const prompts& wanted) {
    using config = typename Denoiser::config_type;
    static_assert(config::text_dim > 0,
                  "this model has no text conditioning (text_dim is 0): it cannot be sampled with prompts");
    require(encoder.dim() == config::text_dim && encoder.max_tokens() == config::text_tokens,
            "the text encoder gives {} tokens of {} numbers, the model takes {} of {}", encoder.max_tokens(),
            encoder.dim(), config::text_tokens, config::text_dim);
    return told(encoder, wanted);
}

/// Latents of one sample a text.
template <class Denoiser, text_encoder Encoder>
latents sample_latents(const Denoiser& model, const Encoder& encoder, const prompts& wanted, const sampling& how = {}) {
    check_options(how); // before texts are encoded
    return sample_latents(model, told(model, encoder, wanted), how);
}

/// Latents of one sample a class.
template <class Denoiser>
latents sample_latents(const Denoiser& model, const labels& wanted, const sampling& how = {}) {
    static_assert(Denoiser::config_type::classes > 0,
                  "this model has no classes (classes is 0): it cannot be sampled with labels");
    for (const std::int32_t label : wanted.classes)
        require(label >= 0 && label < Denoiser::config_type::classes, "a model of {} classes has no class {}",
                Denoiser::config_type::classes, label);
    return sample_latents(model, told(wanted), how);
}

/// Latents of samples of no text and no class: there is nothing to guide.
template <class Denoiser>
latents sample_latents(const Denoiser& model, unconditional wanted, const sampling& how = {}) {
    return sample_latents(model, conditions{.samples = wanted.samples}, how);
}

namespace detail {
template <class Denoiser, class Tokenizer> constexpr bool decodes() {
    return rules::a_tokenizer_decodes_the_latents<Denoiser::config_type::channels, Tokenizer::dims::latent>();
}
} // namespace detail

/// sample(model, tokenizer, text_encoder, prompts{...}, how): videos, or the F images of each stack. Without the
/// encoder: labels, unconditional, or any conditions, prepared or not.
template <class Denoiser, class Tokenizer, text_encoder Encoder>
std::vector<video> sample(const Denoiser& model, const Tokenizer& tokenizer, const Encoder& encoder,
                          const prompts& wanted, const sampling& how = {}) {
    [[maybe_unused]] constexpr bool decodes = detail::decodes<Denoiser, Tokenizer>();
    return to_videos(tokenizer.decode(sample_latents(model, encoder, wanted, how)));
}
template <class Denoiser, class Tokenizer, class Wanted>
std::vector<video> sample(const Denoiser& model, const Tokenizer& tokenizer, const Wanted& wanted,
                          const sampling& how = {}) {
    [[maybe_unused]] constexpr bool decodes = detail::decodes<Denoiser, Tokenizer>();
    return to_videos(tokenizer.decode(sample_latents(model, wanted, how)));
}

} // namespace walt
