// Frames of pixels that samples are given: the first ones, pictures at places, or any (paper sec. 4.4; docs/model.md
// 15). The tokenizer encodes them, sampling holds them, and the result has them. Pixels of theirs may be missing
// (clips::present): the encoder sees 0 there, and the result has what the decoder makes.
//     walt::sample(model, tokenizer, text, walt::prompts{"a red sneaker moving left"}, walt::first_frames{picture},
//     how)
#pragma once

#include "sample.hpp"

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <utility>
#include <vector>

namespace walt {

/// Samples begin with these frames: 1 (a picture becomes a video), or 1 + s k, which are 1 + k latent frames of a
/// tokenizer whose time_compression is s (5: prediction).
struct first_frames {
    clips frames; ///< [B, f, H, W, 3] in [-1, 1], one clip a sample; or [1, f, H, W, 3], of all samples
    bool keep_pixels =
        true; ///< the result has the given frames themselves, not what the decoder makes of their latents
    std::int64_t samples() const { return frames.shape.count; }
};

/// A picture that a latent frame holds.
struct keyframe {
    std::int64_t latent_frame = 0; ///< 0 .. F - 1
    clips picture;                 ///< [B, 1, H, W, 3] in [-1, 1], or [1, 1, H, W, 3], of all samples
};
/// Pictures at places, of which latent frame 0 is one frame of pixels and any other s of them, all of which show the
/// picture; keep_pixels puts it into the last.
struct keyframes {
    std::vector<keyframe> pictures;
    bool keep_pixels = true;
    std::int64_t samples() const {
        std::int64_t most = 0;
        for (const keyframe& one : pictures) most = std::max(most, one.picture.shape.count);
        return most;
    }
};

/// Any latent frames of clips as long as the samples. Only pixels of known frames are read; in those before them the
/// encoder sees the next known frame, standing still (a choice).
struct known {
    clips frames;                   ///< [B, 1 + s (F - 1), H, W, 3] in [-1, 1], or of one clip, for all samples
    std::vector<std::uint8_t> mask; ///< [F], of all samples, or [B F]: 1 where a latent frame is known, else 0
    bool keep_pixels = true;        ///< as in first_frames
    std::int64_t samples() const { return frames.shape.count; }
};

namespace rules {
template <bool KnowsFrames> constexpr bool model_knows_frames() {
    constexpr bool holds = KnowsFrames;
    static_assert(holds, "a model is given frames if its config has frame_prediction = true");
    return holds;
}
} // namespace rules

/// Given frames, brought to one form: which pixels are encoded, what is known of the latent, what is kept of the
/// pixels.
struct given_frames {
    clips frames;                   ///< [B, 1 + s (F - 1), H, W, 3]
    std::vector<std::uint8_t> mask; ///< [B F]
    std::vector<std::uint8_t> kept; ///< [B, frames of pixels]: 1 where the result has the given pixels

    /// Puts them into decoded samples, but for those that are missing.
    void keep(clips& decoded) const {
        require(decoded.shape == frames.shape, "{} x {} given frames cannot be kept in {} x {}", frames.shape.count,
                frames.shape.frames, decoded.shape.count, decoded.shape.frames);
        const std::int64_t area = frames.shape.height * frames.shape.width, C = frames.shape.channels;
        for (std::int64_t i = 0; i < frames.shape.size() / C; ++i)
            if (kept[static_cast<std::size_t>(i / area)] != 0 &&
                (frames.present.empty() || frames.present[static_cast<std::size_t>(i)] != 0))
                std::copy_n(frames.pixels.begin() + i * C, C, decoded.pixels.begin() + i * C);
    }
};

/// The samples that frames are given to.
struct sample_size {
    std::int64_t samples = 1, latent_frames = 5; ///< B, F
    std::int64_t step = 4;                       ///< s: frames of pixels of a latent frame, but of the first
    std::int64_t height = 0, width = 0;          ///< of pixels

    std::int64_t frames() const { return 1 + (latent_frames - 1) * step; }
    /// Frames of pixels that latent frame f is made of: [first(f), first(f + 1)).
    std::int64_t first(std::int64_t f) const { return f == 0 ? 0 : 1 + (f - 1) * step; }
};

/// Of a model and the tokenizer whose latents it makes.
template <class Denoiser, class Tokenizer> sample_size size_of_samples(std::int64_t samples) {
    using config = typename Denoiser::config_type;
    using tokens = typename Tokenizer::dims;
    [[maybe_unused]] constexpr bool decodes = detail::decodes<Denoiser, Tokenizer>();
    require(samples >= 1, "frames are given to 1 sample or more, not to {}", samples);
    return {samples, config::frames, tokens::time_compression, std::int64_t{config::height} * tokens::space_compression,
            std::int64_t{config::width} * tokens::space_compression};
}

namespace detail {
/// One more sample: a clip of others of its size, with what is missing of it.
inline void add_sample(clips& to, const clips& of, std::int64_t b) {
    const auto marks = static_cast<std::int64_t>(of.present.size()) / of.shape.count; // of a clip; 0: all are there
    append(to.pixels, of.pixels, b * of.shape.sample(), of.shape.sample());
    append(to.present, of.present, b * marks, marks);
    ++to.shape.count;
}
/// Refuses clips that are not of the samples, and repeats one clip for all of them.
inline clips for_samples(const clips& given, const sample_size& of) {
    given.check();
    const video_shape& shape = given.shape;
    require(shape.count == 1 || shape.count == of.samples, "{} samples are given a clip each, or one for all; {} came",
            of.samples, shape.count);
    require(shape.height == of.height && shape.width == of.width,
            "samples of {} x {} pixels cannot have given frames of {} x {}: bring them to that size before", of.height,
            of.width, shape.height, shape.width);
    clips made{.shape = shape};
    made.shape.count = 0;
    for (std::int64_t b = 0; b < of.samples; ++b) {
        const std::int64_t from = shape.count == 1 ? 0 : b;
        require(!given.is_stack(from), "clip {} of the given frames is a stack of images, not a video", from);
        add_sample(made, given, from);
    }
    return made;
}
/// Nothing given yet.
inline given_frames none_given(const sample_size& of) {
    const video_shape shape{of.samples, of.frames(), of.height, of.width};
    return {{.shape = shape, .pixels = std::vector<float>(static_cast<std::size_t>(shape.size()))},
            std::vector<std::uint8_t>(static_cast<std::size_t>(of.samples * of.latent_frames)),
            std::vector<std::uint8_t>(static_cast<std::size_t>(of.samples * of.frames()))};
}
/// Frame `at` of sample b becomes frame `from` of a clip, with its missing pixels.
inline void put_frame(given_frames& to, std::int64_t b, std::int64_t at, const clips& of, std::int64_t from) {
    const std::int64_t frame = of.shape.frame(), area = of.shape.height * of.shape.width;
    const std::int64_t source = b * of.shape.frames + from, target = b * to.frames.shape.frames + at;
    std::copy_n(of.pixels.begin() + source * frame, frame, to.frames.pixels.begin() + target * frame);
    std::vector<std::uint8_t>& present = to.frames.present;
    if (of.present.empty() && present.empty()) return;
    present.resize(static_cast<std::size_t>(to.frames.shape.count * to.frames.shape.frames * area), 1);
    if (of.present.empty()) std::fill_n(present.begin() + target * area, area, std::uint8_t{1});
    else std::copy_n(of.present.begin() + source * area, area, present.begin() + target * area);
}
} // namespace detail

inline given_frames give(const first_frames& given, const sample_size& of) {
    const std::int64_t came = given.frames.shape.frames, latent_frames = 1 + (came - 1) / of.step;
    require(came >= 1 && (came - 1) % of.step == 0 && latent_frames < of.latent_frames,
            "samples of {} frames begin with 1, or 1 + {} k given ones, up to {}; {} came", of.frames(), of.step,
            of.frames() - of.step, came);
    const clips all = detail::for_samples(given.frames, of);
    given_frames made = detail::none_given(of);
    for (std::int64_t b = 0; b < of.samples; ++b) {
        std::fill_n(made.mask.begin() + b * of.latent_frames, latent_frames, std::uint8_t{1});
        std::fill_n(made.kept.begin() + b * of.frames(), came, std::uint8_t{given.keep_pixels});
        for (std::int64_t f = 0; f < came; ++f) detail::put_frame(made, b, f, all, f);
    }
    return made;
}

inline given_frames give(const keyframes& given, const sample_size& of) {
    require(!given.pictures.empty(), "keyframes are 1 or more; none came");
    given_frames made = detail::none_given(of);
    for (const keyframe& one : given.pictures) {
        require(one.latent_frame >= 0 && one.latent_frame < of.latent_frames,
                "samples of {} latent frames have no keyframe at {}", of.latent_frames, one.latent_frame);
        require(one.picture.shape.frames == 1, "a keyframe is a picture, a clip of 1 frame; {} frames came",
                one.picture.shape.frames);
        const clips picture = detail::for_samples(one.picture, of);
        for (std::int64_t b = 0; b < of.samples; ++b) {
            made.mask[static_cast<std::size_t>(b * of.latent_frames + one.latent_frame)] = 1;
            for (std::int64_t f = of.first(one.latent_frame); f < of.first(one.latent_frame + 1); ++f)
                detail::put_frame(made, b, f, picture, 0);
            made.kept[static_cast<std::size_t>(b * of.frames() + of.first(one.latent_frame + 1) - 1)] =
                given.keep_pixels;
        }
    }
    return made;
}

inline given_frames give(const known& given, const sample_size& of) {
    require(given.frames.shape.frames == of.frames(),
            "samples of {} frames have known ones in clips of as many; {} came", of.frames(),
            given.frames.shape.frames);
    const auto F = static_cast<std::size_t>(of.latent_frames), B = static_cast<std::size_t>(of.samples);
    require(given.mask.size() == F || given.mask.size() == B * F,
            "{} samples of {} latent frames have a mask of {} or {}; {} came", B, F, F, B * F, given.mask.size());
    require(std::all_of(given.mask.begin(), given.mask.end(), [](std::uint8_t one) { return one <= 1; }),
            "a mask is 1 where a latent frame is known, and 0 elsewhere; it has a {}",
            *std::max_element(given.mask.begin(), given.mask.end()));
    const clips all = detail::for_samples(given.frames, of);
    given_frames made = detail::none_given(of);
    for (std::int64_t b = 0; b < of.samples; ++b)
        for (std::int64_t f = 0; f < of.latent_frames; ++f) {
            const auto at = static_cast<std::size_t>(b * of.latent_frames + f);
            made.mask[at] = given.mask[given.mask.size() == F ? static_cast<std::size_t>(f) : at];
            for (std::int64_t p = of.first(f); made.mask[at] != 0 && p < of.first(f + 1); ++p) {
                detail::put_frame(made, b, p, all, p);
                made.kept[static_cast<std::size_t>(b * of.frames() + p)] = given.keep_pixels;
            }
        }
    return made;
}

/// Frames that samples can be given: first_frames, keyframes, known, or a type of your own with such a function and a
/// count.
template <class Given>
concept frames_to_give = requires(const Given& given, const sample_size& of) {
    { given.samples() } -> std::same_as<std::int64_t>;
    { give(given, of) } -> std::same_as<given_frames>;
};

template <class Tokenizer> known_frames encode_known(const Tokenizer& tokenizer, const given_frames& given);

namespace detail {
/// The same of each sample alone, of F latent frames.
template <class Tokenizer>
known_frames encode_each(const Tokenizer& tokenizer, const given_frames& given, std::int64_t F) {
    const std::int64_t B = given.frames.shape.count;
    known_frames all{{}, {given.mask.begin(), given.mask.end()}};
    for (std::int64_t b = 0; b < B; ++b) {
        given_frames one;
        append(one.mask, given.mask, b * F, F);
        if (std::find(one.mask.begin(), one.mask.end(), std::uint8_t{1}) == one.mask.end()) continue; // nothing to say
        one.frames.shape = given.frames.shape;
        one.frames.shape.count = 0;
        add_sample(one.frames, given.frames, b);
        const std::vector<float> values = encode_known(tokenizer, one).values;
        all.values.resize(static_cast<std::size_t>(B) * values.size());
        std::copy(values.begin(), values.end(), all.values.begin() + b * static_cast<std::int64_t>(values.size()));
    }
    return all;
}
} // namespace detail

/// The latents of given frames, for conditions::known: normalised, encoded up to the last one that is known in any
/// sample; by a tokenizer that sees the future, up to the last one of each sample, which then depends on no other.
template <class Tokenizer> known_frames encode_known(const Tokenizer& tokenizer, const given_frames& given) {
    const std::int64_t B = given.frames.shape.count, F = static_cast<std::int64_t>(given.mask.size()) / B;
    const sample_size of{B, F, Tokenizer::dims::time_compression, given.frames.shape.height, given.frames.shape.width};
    const auto is_known = [&](std::int64_t b, std::int64_t f) {
        return given.mask[static_cast<std::size_t>(b * F + f)] != 0;
    };
    std::vector<std::int64_t> last_of(static_cast<std::size_t>(B), -1);
    for (std::int64_t b = 0; b < B; ++b)
        for (std::int64_t f = 0; f < F; ++f)
            if (is_known(b, f)) last_of[static_cast<std::size_t>(b)] = f;
    const auto [least, most] = std::minmax_element(last_of.begin(), last_of.end());
    const std::int64_t last = *most;
    require(last >= 0, "none of {} latent frames of {} samples is known: sample without given frames", F, B);
    if constexpr (!sees_no_future<Tokenizer>())
        if (*least != last) return detail::encode_each(tokenizer, given, F);
    given_frames filled{given.frames.frames(0, of.first(last + 1)), {}, {}};
    for (std::int64_t b = 0; b < B; ++b)
        for (std::int64_t f = last, next = -1; f >= 0; --f) {
            if (is_known(b, f)) next = of.first(f);
            else if (next >= 0)
                for (std::int64_t p = of.first(f); p < of.first(f + 1); ++p)
                    detail::put_frame(filled, b, p, given.frames, next);
        }
    const latents z = tokenizer.encode(filled.frames);
    known_frames made;
    made.mask.assign(given.mask.begin(), given.mask.end());
    for (std::int64_t b = 0; b < B; ++b) {
        detail::append(made.values, z.values, b * z.shape.sample(), z.shape.sample());
        made.values.resize(static_cast<std::size_t>((b + 1) * F * z.shape.frame()));
    }
    return made;
}

namespace detail {
/// Frames come in one of two ways.
inline void require_nothing_known(const conditions& told) {
    require(told.known.mask.empty() && told.known.values.empty(),
            "samples are given frames, or conditions that have known ones; both came, the latter with a mask of {}",
            told.known.mask.size());
}
inline conditions told_of(const conditions& wanted) { return wanted; }
inline conditions told_of(const labels& wanted) { return told(wanted); }
inline conditions told_of(unconditional wanted) { return {.samples = wanted.samples}; }

template <class Denoiser, class Tokenizer, class Given>
std::vector<video> sample_given(const Denoiser& model, const Tokenizer& tokenizer, conditions told, const Given& given,
                                const sampling& how) {
    if constexpr (rules::model_knows_frames<Denoiser::config_type::frame_prediction>()) {
        check_options(how); // before frames are encoded
        require(!how.images, "{} samples are to be stacks of images: only videos can be given frames", told.samples);
        require_nothing_known(told);
        const given_frames frames = give(given, size_of_samples<Denoiser, Tokenizer>(told.samples));
        told.known = encode_known(tokenizer, frames);
        clips made = tokenizer.decode(sample_latents(model, told, how));
        frames.keep(made);
        return to_videos(made);
    } else return {};
}
} // namespace detail

/// Videos that have the given frames: sample(model, tokenizer, text_encoder, prompts{...}, first_frames{...}, how).
/// Without the encoder: labels, unconditional, or any conditions; or the given frames alone, for as many samples as
/// there are clips of them. Their latents are held exactly, and with keep_pixels the result has their pixels. Guidance
/// guides away from what is told and from the given frames (conditions::without chooses). Throws walt::error where
/// sizes do not fit, with both.
template <class Denoiser, class Tokenizer, text_encoder Encoder, frames_to_give Given>
std::vector<video> sample(const Denoiser& model, const Tokenizer& tokenizer, const Encoder& encoder,
                          const prompts& wanted, const Given& given, const sampling& how = {}) {
    return detail::sample_given(model, tokenizer, told(model, encoder, wanted), given, how);
}
template <class Denoiser, class Tokenizer, class Wanted, frames_to_give Given>
std::vector<video> sample(const Denoiser& model, const Tokenizer& tokenizer, const Wanted& wanted, const Given& given,
                          const sampling& how = {}) {
    return detail::sample_given(model, tokenizer, detail::told_of(wanted), given, how);
}
template <class Denoiser, class Tokenizer, frames_to_give Given>
std::vector<video> sample(const Denoiser& model, const Tokenizer& tokenizer, const Given& given,
                          const sampling& how = {}) {
    return detail::sample_given(model, tokenizer, {.samples = given.samples()}, given, how);
}

} // namespace walt
