// What samples are told, in host memory: classes, texts, known frames, a low-resolution latent; and what guidance
// leaves out of it.
#pragma once

#include "../core/hash.hpp"
#include "../core/model.hpp"
#include "../core/range.hpp"
#include "on_device.hpp"
#include "schedule.hpp"

#include <cmath>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace walt {

/// Conditions that guidance's other half is not told. Known frames count as one (docs/model.md 15).
struct left_out {
    bool labels = true, texts = true, numbers = true, known = true;
};

/// Latent frames that a sample already has: the first ones, or any.
struct known_frames {
    std::vector<float> values{}; ///< [B, F, H, W, C], normalised; only frames whose mask is 1 are read
    std::vector<float> mask{};   ///< [B F], 1 where the frame is known
};

/// A latent of half the height and width, for super-resolution; noised before the network sees it (docs/model.md 16).
struct low_resolution_latents {
    std::vector<float> values{}; ///< [B, F, H/2, W/2, C], normalised
    int level = 150;             ///< of that noise
    walt::seed seed{0};          ///< of that noise
    bool noised = false;         ///< the values have that noise already
};

/// For B samples. What stays empty is not told; labels, numbers and text.row have an entry a sample, or one a frame.
struct conditions {
    std::int64_t samples = 1;                  ///< B
    std::vector<std::int32_t> labels{};        ///< [B] or [B F]: 0 .. classes - 1, or no_label
    text_batch text{};                         ///< its row: [B] or [B F]
    std::vector<float> numbers{};              ///< [B, N] or [B, F, N]
    std::vector<std::uint8_t> numbers_valid{}; ///< [B] or [B F]; empty: all are known
    known_frames known{};                      ///< for models with frame_prediction
    low_resolution_latents low_resolution{};   ///< needed by models with super_resolution
    left_out without{};                        ///< what guidance guides away from
    std::vector<std::uint64_t> noise{};        ///< [B]: which noise of the sampling's seed each sample begins with, by
                                               ///< name (noise_name); empty: 0, 1, 2, ...
};

/// The name of the noise that a text's sample begins with, where so many samples of the same text came before: it does
/// not depend on other texts, so that a sample of a list can be made alone. Of no text: their count alone.
inline std::uint64_t noise_name(std::string_view text, std::uint64_t before = 0) {
    return text.empty() ? before : hash(text) + before;
}

namespace detail {
/// An entry a frame, of entries a sample or a frame; `none` everywhere where there is no entry.
template <class V>
std::vector<V> a_frame(const std::vector<V>& of, std::int64_t samples, int frames, V none, const char* what) {
    const auto B = static_cast<std::size_t>(samples), F = static_cast<std::size_t>(frames);
    if (of.empty()) return std::vector<V>(B * F, none);
    require(of.size() == B || of.size() == B * F, "{} samples of {} frames have {} or {} {}; {} came", B, F, B, B * F,
            what, of.size());
    if (of.size() == B * F) return of;
    std::vector<V> spread;
    for (std::size_t f = 0; f < B * F; ++f) spread.push_back(of[f / F]);
    return spread;
}
template <class Config>
std::pair<std::vector<float>, std::vector<std::uint8_t>> numbers_a_frame(const conditions& told) {
    constexpr std::size_t N = Config::numbers, F = Config::frames;
    const auto B = static_cast<std::size_t>(told.samples);
    require(told.numbers.size() == B * N || told.numbers.size() == B * F * N,
            "{} samples of {} frames have {} or {} numbers; {} came", B, F, B * N, B * F * N, told.numbers.size());
    std::vector<float> numbers;
    for (std::size_t f = 0; f < B * F; ++f) {
        const std::size_t from = (told.numbers.size() == B * N ? f / F : f) * N;
        for (std::size_t n = 0; n < N; ++n) numbers.push_back(told.numbers[from + n]);
    }
    return {numbers,
            a_frame(told.numbers_valid, told.samples, Config::frames, std::uint8_t{1}, "validities of numbers")};
}
/// valid: which groups of as many values each are told; empty: all.
inline void require_finite(const std::vector<float>& values, const char* what,
                           const std::vector<std::uint8_t>& valid = {}) {
    const std::size_t group = valid.empty() ? 1 : values.size() / valid.size();
    for (std::size_t i = 0; i < values.size(); ++i)
        require(std::isfinite(values[i]) || (!valid.empty() && valid[i / group] == 0),
                "of {} {} the {}-th is told and not finite ({})", values.size(), what, i, values[i]);
}
/// As many entries again: the same, or one everywhere.
template <class V> void append_copy(std::vector<V>& to) {
    const std::vector<V> same = to;
    append(to, same);
}
template <class V> void append_same(std::vector<V>& to, V one) {
    for (std::size_t more = to.size(); more > 0; --more) to.push_back(one);
}
} // namespace detail

/// Noise conditioning augmentation (paper sec. 4.5), the same numbers whatever the device: of B samples, each with
/// those of its noise's name (conditions::noise); `what` names the noise.
inline void add_noise(std::vector<float>& values, noise_level at, seed from, std::string_view what,
                      std::int64_t samples = 1, const std::vector<std::uint64_t>& names = {}) {
    const std::size_t size = values.size() / static_cast<std::size_t>(samples);
    for (std::size_t i = 0; i < values.size(); ++i) {
        const philox numbers{from.value, hash(what) + (names.empty() ? i / size : names[i / size])};
        values[i] = static_cast<float>(at.signal) * values[i] + static_cast<float>(at.noise) * numbers.normal(i % size);
    }
}

/// True where guidance has something to leave out.
template <class Config> bool guides(const conditions& told) {
    return (Config::classes > 0 && told.without.labels && !told.labels.empty()) ||
           (Config::text_dim > 0 && told.without.texts && !told.text.row.empty()) ||
           (Config::numbers > 0 && told.without.numbers && !told.numbers.empty()) ||
           (Config::frame_prediction && told.without.known && !told.known.mask.empty());
}

namespace detail {
/// The input that says it: of B samples, or of `both` halves, 2 B, the second without what guidance leaves out.
template <class Config, class A, class Context, class From>
denoiser_input<A, Config> told_on_device(Context& ctx, From& from, const conditions& told, bool both,
                                         const noise_schedule& schedule) {
    constexpr int F = Config::frames;
    const std::int64_t B = told.samples, rows = both ? 2 * B : B;
    require(B >= 1, "sampling makes 1 sample or more, not {}", B);
    require(told.noise.empty() || static_cast<std::int64_t>(told.noise.size()) == B,
            "{} samples begin with {} noises; {} names came", B, B, told.noise.size());
    require(Config::classes > 0 || told.labels.empty(), "this model has no classes; {} labels came",
            told.labels.size());
    require(Config::text_dim > 0 || told.text.row.empty(), "this model has no text conditioning; {} texts came",
            told.text.row.size());
    require(!told.text.row.empty() || told.text.valid.empty(),
            "texts come with which of them each sample has (text_batch::row); {} came, with {} rows", told.text.texts(),
            told.text.row.size());
    require(Config::numbers > 0 || told.numbers.empty(), "this model has no numbers as conditions; {} came",
            told.numbers.size());
    require(!told.numbers.empty() || told.numbers_valid.empty(),
            "numbers come with which of them are valid; {} came, with {} validities", told.numbers.size(),
            told.numbers_valid.size());
    require(Config::frame_prediction || (told.known.mask.empty() && told.known.values.empty()),
            "this model has no frame prediction; {} known numbers came, with a mask of {} frames",
            told.known.values.size(), told.known.mask.size());
    require(!told.known.mask.empty() || told.known.values.empty(),
            "known frames need a mask of {} frames that says which they are; {} known numbers came, with a mask of {}",
            B * F, told.known.values.size(), told.known.mask.size());
    require(Config::super_resolution || told.low_resolution.values.empty(),
            "this model has no super-resolution; {} low-resolution numbers came", told.low_resolution.values.size());

    latents frames;
    frames.shape = latents_of<Config>(rows);
    if constexpr (Config::classes > 0) {
        frames.labels = detail::a_frame(told.labels, B, F, no_label, "labels");
        for (const std::int32_t label : frames.labels)
            require(label == no_label || (label >= 0 && label < Config::classes),
                    "a model of {} classes has no class {}", Config::classes, label);
        if (both && told.without.labels) detail::append_same(frames.labels, no_label);
        else if (both) detail::append_copy(frames.labels);
    }
    if constexpr (Config::numbers > 0)
        if (!told.numbers.empty()) {
            const auto [numbers, valid] = detail::numbers_a_frame<Config>(told);
            frames.numbers = numbers;
            frames.numbers_valid = valid;
            detail::require_finite(numbers, "numbers as conditions", valid);
            if (both) {
                detail::append_copy(frames.numbers);
                if (told.without.numbers) detail::append_same(frames.numbers_valid, std::uint8_t{0});
                else detail::append_copy(frames.numbers_valid);
            }
        }
    if constexpr (Config::text_dim > 0) {
        frames.text = told.text;
        if (told.text.row.empty()) // the empty text alone
            frames.text = {Config::text_tokens,
                           Config::text_dim,
                           std::vector<float>(std::size_t{Config::text_tokens} * Config::text_dim),
                           std::vector<std::uint8_t>(Config::text_tokens),
                           {}};
        frames.text.row = detail::a_frame(told.text.row, B, F, 0, "texts");
        frames.text.check();
        detail::require_finite(frames.text.vectors, "numbers of texts", frames.text.valid);
        if (both && told.without.texts) {
            frames.text.require_empty("guidance leaves texts out by");
            detail::append_same(frames.text.row, 0);
        } else if (both) detail::append_copy(frames.text.row);
    }
    if constexpr (Config::super_resolution) {
        frames.low_resolution = told.low_resolution.values;
        require(static_cast<std::int64_t>(frames.low_resolution.size()) * 4 == latents_of<Config>(B).size(),
                "super-resolution of {} samples needs {} low-resolution numbers, not {}", B,
                latents_of<Config>(B).size() / 4, frames.low_resolution.size());
        detail::require_finite(frames.low_resolution, "low-resolution numbers");
        check_option("low_resolution_latents::level", told.low_resolution.level, ranges::level);
        if (!told.low_resolution.noised)
            add_noise(frames.low_resolution, schedule.at(told.low_resolution.level), told.low_resolution.seed,
                      "low resolution", B, told.noise);
        if (both) detail::append_copy(frames.low_resolution);
    }
    auto input = conditions_on_device<Config, A>(ctx, from, frames);
    if constexpr (Config::super_resolution) {
        input.low_resolution = decltype(input.low_resolution)(put<A>(ctx, from, frames.low_resolution).data(), rows);
        input.low_resolution_step =
            put<std::int32_t>(ctx, from,
                              std::vector<std::int32_t>(static_cast<std::size_t>(rows), told.low_resolution.level))
                .read();
    }
    if constexpr (Config::frame_prediction)
        if (!told.known.mask.empty()) {
            known_frames known = told.known;
            detail::require_size(known.mask, B * F, latents_of<Config>(B), "mask values");
            for (const float one : known.mask)
                require(one == 0 || one == 1, "a value of known_frames::mask is 0 or 1; it is {}", one);
            detail::require_size(known.values, latents_of<Config>(B).size(), latents_of<Config>(B), "known numbers");
            clear_unknown(known.values, known.mask);
            detail::require_finite(known.values, "numbers of known frames");
            if (both) {
                detail::append_copy(known.values);
                if (told.without.known) detail::append_same(known.mask, 0.0f);
                else detail::append_copy(known.mask);
            }
            input.known = decltype(input.known)(put<A>(ctx, from, known.values).data(), rows);
            input.mask = put<A>(ctx, from, known.mask).read();
        }
    return input;
}
} // namespace detail

/// Conditions on a device, with all of the network that depends on them alone, and what is left without what guidance
/// leaves out. Copies share the memory.
template <class T, class Config> struct prepared_conditions {
    using A = accumulate_t<T>;
    std::int64_t samples = 0;           ///< B
    std::vector<std::uint64_t> noise{}; ///< [B], or empty: see conditions
    bool guides = false;                ///< there is something to leave out: input and network are of 2 B samples
    denoiser_input<A, Config> input;    ///< labels, texts, known frames ...; the rest is the sampler's
    prepared<T, Config> network;
    holdings held;

    /// Of B samples, with all conditions.
    prepared_conditions unguided() const {
        prepared_conditions half = *this;
        if (!guides) return half;
        const auto cut = [&](auto& part, std::int64_t count) {
            if (part.size() > 0) part = part.slice(0, count);
        };
        const std::int64_t frames = samples * Config::frames;
        half.guides = false;
        half.network = network.first(samples);
        cut(half.input.label, frames);
        cut(half.input.text_row, frames);
        cut(half.input.numbers, frames);
        cut(half.input.numbers_valid, frames);
        cut(half.input.known, samples);
        cut(half.input.mask, frames);
        cut(half.input.low_resolution, samples);
        cut(half.input.low_resolution_step, samples);
        return half;
    }
};

/// Prepares conditions for any number of samplings with this model, as long as its weights stay.
template <class Denoiser>
auto prepare(const Denoiser& model, const conditions& told, const noise_schedule& schedule = {}) {
    using config = typename Denoiser::config_type;
    prepared_conditions<typename Denoiser::compute_type, config> made;
    auto& ctx = model.context();
    made.held = holdings(ctx);
    made.samples = told.samples;
    made.noise = told.noise;
    made.guides = guides<config>(told);
    made.input = detail::told_on_device<config, typename Denoiser::A>(ctx, made.held, told, made.guides, schedule);
    made.network = model.prepare(made.input);
    return made;
}

} // namespace walt
