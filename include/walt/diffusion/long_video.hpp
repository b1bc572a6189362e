// Videos longer than a sample: each round begins with the end of what there is (paper App. A; docs/model.md 15).
//     walt::long_video video(model, tokenizer, how);
//     for (int round = 0; round <= 5; ++round) file.add(video.next(text, walt::prompts{"a red sneaker moving left"}));
#pragma once

#include "known.hpp"

#include "../core/hash.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace walt {

/// How videos go on after their first clip.
struct going_on {
    std::int64_t known = 2;     ///< latent frames that a round knows: 1 + s (known - 1) frames of pixels, 5 of 17
    std::optional<int> noise{}; ///< level to which their latents are noised first, 0 .. 999; none: they are not
};

/// Where a long video is: all that its next round depends on, beside its models, `sampling` and what it is told.
struct video_so_far {
    std::int64_t clips_made = 0; ///< the first one, and the rounds
    clips end{};                 ///< [B, 5, H, W, 3] in [-1, 1]: its last frames
};

/// Videos without an end, B at once: next() gives the frames of a first clip, 17 of them, then those that each round
/// adds, 12. A round encodes the last 5 frames, of pixels, to 2 latent frames, holds these, and samples the others; it
/// may be told something else than the rounds before. Memory does not grow. The first clip is what sample() makes of
/// `how`; round r has a seed of its own, made of how.seed and r, so videos are the same whether they are made at once
/// or go on later from so_far(). Shares the memory of model and tokenizer.
template <class Denoiser, class Tokenizer> class long_video {
    using config = typename Denoiser::config_type;

  public:
    long_video(const Denoiser& model, const Tokenizer& tokenizer, sampling how = {}, going_on on = {},
               video_so_far from = {})
        : model_(share(model)), tokenizer_(share(tokenizer)), how_(checked(std::move(how))), on_(on),
          so_far_(std::move(from)) {
        [[maybe_unused]] constexpr bool knows = rules::model_knows_frames<config::frame_prediction>();
        require(on_.known >= 1 && on_.known < config::frames,
                "a round of {} latent frames knows 1 to {} of them, not {}", int{config::frames}, config::frames - 1,
                on_.known);
        require(!how_.images, "a long video is no stack of images: sampling::images is {}", how_.images);
        if (on_.noise) how_.schedule.at(*on_.noise);
        require(so_far_.clips_made >= 0 && (so_far_.clips_made == 0) == so_far_.end.pixels.empty(),
                "a video goes on from its clips' count and its last frames; {} clips and {} frames came",
                so_far_.clips_made, so_far_.end.shape.frames);
        if (so_far_.clips_made > 0)
            require(so_far_.end.shape.frames == frames_known(), "a round knows {} frames of pixels; {} came",
                    frames_known(), so_far_.end.shape.frames);
    }

    const video_so_far& so_far() const { return so_far_; }
    /// Frames of pixels that a round knows, and that it adds.
    std::int64_t frames_known() const { return size(1).first(on_.known); }
    std::int64_t frames_added() const { return size(1).frames() - frames_known(); }

    /// The next frames: [B, 17, H, W, 3] of the first clip, [B, 12, H, W, 3] of a round, clamped to [-1, 1]. What is
    /// told of each latent frame begins with those that the round knows. Throws walt::error, and is as before, where
    /// what is told is not for as many samples as the video has.
    clips next(const conditions& told) {
        if (so_far_.clips_made == 0) return first(told, nullptr);
        const std::int64_t B = so_far_.end.shape.count;
        require(told.known.mask.empty(), "a round knows the video's last {} frames; a mask of {} others came",
                frames_known(), told.known.mask.size());
        require(told.samples == B, "{} videos go on, and {} samples were told something", B, told.samples);
        conditions all = told;
        all.known = encode_known(tokenizer_, give(first_frames{so_far_.end}, size(B)));
        sampling how = how_;
        how.seed = seed_of_round();
        const std::vector<float> clean = all.known.values;
        if (on_.noise) add_noise(all.known.values, how.schedule.at(*on_.noise), how.seed, "known frames", B, all.noise);
        latents z = sample_latents(model_, all, how);
        for (std::int64_t b = 0; b < B; ++b) // the decoder sees the known frames without that noise
            std::copy_n(clean.begin() + b * z.shape.sample(), on_.known * z.shape.frame(),
                        z.values.begin() + b * z.shape.sample());
        return add(tokenizer_.decode(z), frames_known());
    }
    template <text_encoder Encoder> clips next(const Encoder& encoder, const prompts& wanted) {
        return next(told(model_, encoder, wanted));
    }
    /// The first clip, which has given frames (first_frames, keyframes, known), as sample() makes it of them.
    template <frames_to_give Given> clips begin(const conditions& told, const Given& given) {
        require(so_far_.clips_made == 0, "a video is given frames in its first clip; {} are made", so_far_.clips_made);
        detail::require_nothing_known(told);
        const given_frames frames = give(given, size(told.samples));
        conditions all = told;
        all.known = encode_known(tokenizer_, frames);
        return first(all, &frames);
    }
    /// There is a first clip already, [B, F, H, W, 3] of 5 frames or more: a video from elsewhere, which rounds go on
    /// from.
    void follow(const clips& video) {
        require(so_far_.clips_made == 0, "a video follows another from its first clip on; {} are made",
                so_far_.clips_made);
        require(video.shape.frames >= frames_known(), "a round knows {} frames of pixels; the video to follow has {}",
                frames_known(), video.shape.frames);
        const clips end = video.frames(video.shape.frames - frames_known(), frames_known());
        so_far_ = {1, clamped(detail::for_samples(end, size(video.shape.count)))};
    }
    template <text_encoder Encoder, frames_to_give Given>
    clips begin(const Encoder& encoder, const prompts& wanted, const Given& given) {
        return begin(told(model_, encoder, wanted), given);
    }

  private:
    static sample_size size(std::int64_t samples) { return size_of_samples<Denoiser, Tokenizer>(samples); }
    seed seed_of_round() const {
        const philox numbers{how_.seed.value, hash("long video")};
        const auto round = 2 * static_cast<std::uint64_t>(so_far_.clips_made);
        return seed{std::uint64_t{numbers.bits(round)} << 32 | numbers.bits(round + 1)};
    }
    clips first(const conditions& told, const given_frames* given) {
        clips made = tokenizer_.decode(sample_latents(model_, told, how_));
        if (given != nullptr) given->keep(made);
        return add(std::move(made), 0);
    }
    /// A decoded clip, of which frames from `begin` on are new.
    clips add(clips made, std::int64_t begin) {
        made = clamped(std::move(made));
        so_far_.end = made.frames(made.shape.frames - frames_known(), frames_known());
        ++so_far_.clips_made;
        return begin == 0 ? made : made.frames(begin, made.shape.frames - begin);
    }

    Denoiser model_;
    Tokenizer tokenizer_;
    sampling how_;
    going_on on_;
    video_so_far so_far_;
};
template <class Denoiser, class Tokenizer>
long_video(const Denoiser&, const Tokenizer&) -> long_video<Denoiser, Tokenizer>;
template <class Denoiser, class Tokenizer>
long_video(const Denoiser&, const Tokenizer&, sampling) -> long_video<Denoiser, Tokenizer>;
template <class Denoiser, class Tokenizer>
long_video(const Denoiser&, const Tokenizer&, sampling, going_on) -> long_video<Denoiser, Tokenizer>;
template <class Denoiser, class Tokenizer>
long_video(const Denoiser&, const Tokenizer&, sampling, going_on, video_so_far) -> long_video<Denoiser, Tokenizer>;

} // namespace walt
