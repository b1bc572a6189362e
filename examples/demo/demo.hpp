// The demo's models and its two halves: training and sampling.
#pragma once

#include <walt/diffusion/sampling.hpp>
#include <walt/io/frames.hpp>
#include <walt/presets.hpp>
#include <walt/text/read_word_table.hpp>
#include <walt/text/trained_text.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace walt {
struct prompts;
} // namespace walt

namespace demo {

using device = walt::cpu::context; // with walt::cuda::context nothing else changes
using tokenizer = walt::tokenizer<device, walt::presets::demo_tokenizer, walt::bf16>;
using denoiser = walt::denoiser<device, walt::presets::demo, walt::bf16>;
using frames_denoiser = walt::denoiser<device, walt::presets::demo_frames, walt::bf16>; // it knows frames

inline constexpr int frames = 17, side = 48; // pixels of a clip
inline constexpr int frames_per_second = 8;

/// Words by what they mean, from folder/words.safetensors.
inline walt::word_vectors words_of(const std::filesystem::path& folder) {
    return walt::word_vectors(walt::read_word_table(folder / "words.safetensors"), walt::presets::demo::text_dim,
                              walt::presets::demo::text_tokens);
}

inline walt::word_vectors hashed_words() {
    return walt::word_vectors(walt::presets::demo::text_dim, walt::presets::demo::text_tokens);
}

/// The encoder of a model's texts: by the table in a folder, or by hashes, as its weights say.
inline walt::word_vectors text_encoder(const std::filesystem::path& weights, const std::filesystem::path& folder,
                                       walt::unseen_words as = walt::unseen_words::nearest_seen) {
    const walt::word_vectors hashes = hashed_words();
    const bool by_hashes = walt::text_made_by(weights, hashes) == hashes.description();
    return walt::text_encoder_of(weights, by_hashes ? hashes : words_of(folder), as);
}

struct training_options {
    std::filesystem::path run = "run"; ///< state, logs and samples; training goes on from what is there
    std::int64_t tokenizer_steps = 7'000, denoiser_steps = 7'000;
    std::int64_t clips = 20'000;                      ///< latents kept in memory
    std::int64_t sample_every = 500;                  ///< steps
    std::filesystem::path words = "examples/weights"; ///< folder of words.safetensors
};
/// Trains both models and writes run/tokenizer.safetensors and run/denoiser.safetensors. False: interrupted, and saved.
bool train(const training_options& options);

/// Gives a denoiser that was trained with hashed words texts by words.safetensors (carry_text.hpp), all else as it is:
/// weights/denoiser.safetensors becomes run/denoiser.safetensors.
void carry_texts(const std::filesystem::path& weights, const std::filesystem::path& run);

struct frames_training_options {
    std::filesystem::path run = "run_frames"; ///< state, logs and weights; training goes on from what is there
    std::filesystem::path weights;            ///< folder of the tokenizer and of the denoiser that it begins with
    std::int64_t steps = 1'500;
    std::int64_t clips = 8'000; ///< latents kept in memory
};
/// Gives the denoiser known frames as an input, trains it on clips whose paths begin anywhere, and writes
/// run/frames.safetensors. False: interrupted, and saved.
bool train_frames(const frames_training_options& options);

struct sampling_options {
    std::filesystem::path weights, out = "demo";
    std::vector<std::string> texts;
    std::vector<std::string> captions; ///< what each should show, for the judge; empty: the texts
    bool own_vectors = false;          ///< unseen words have vectors of their own, in place of the nearest seen one's
    std::string sampler = "dpm";       ///< DPM-Solver++ 2M; or ddim
    int steps = 0;                     ///< 0: as many as lose nothing, 12 of dpm and 50 of ddim
    float reuse = 0; ///< skip blocks whose input has moved less since they were computed (walt::step_reuse)
    float guidance = 3.0f, rescale = 0.0f; ///< as walt::guidance
    std::uint64_t seed = 1;
    std::filesystem::path frames{};   ///< weights of the denoiser that knows frames
    std::filesystem::path features{}; ///< weights of the network that drift is measured by
    std::filesystem::path image{};    ///< a PNG or JPEG that videos begin with
    int rounds = 0;                   ///< of 12 frames, after a first clip of 17
    int noise = -1;                   ///< level to which known frames are noised first; -1: they are not
    bool files = true;                ///< a GIF and an MP4 of each text
    bool drift = false;               ///< a table of what the frames look like, round by round
};
/// Writes out/<text>.gif and .mp4 for every text (walt::file_names), out/grid.png, and out/clips.safetensors, which
/// `judge` reads. Texts are sampled some at a time, so that memory has to do with those and not with the list.
void sample(const sampling_options& options);

/// Videos that begin with a picture, or that go on for some rounds, or both. Writes
/// out/<text>_long.mp4 as the frames come, and out/long.png, a row of every fourth frame for the first 16 texts. Texts
/// go some at a time, as in sample().
void sample_frames(const sampling_options& options);

/// How `options` say to sample.
walt::sampling sampling_of(const sampling_options& options);

/// What a file of samples says of itself, as JSON: texts, weights, sampler, seed.
std::string how_made(const sampling_options& options, const std::filesystem::path& weights,
                     const std::vector<std::string>& texts);

/// A video of 17 x 48 x 48 for every text.
std::vector<walt::video> sample_videos(const denoiser& model, const tokenizer& decoder, const walt::word_vectors& text,
                                       const walt::prompts& texts, const sampling_options& options);
/// Throws where options cannot be followed: before any work.
void check(const sampling_options& options);
void check(const training_options& options);
void check(const frames_training_options& options);
/// The same of what sample_frames needs: files that are there, and an image that can be read. `trained_first`: the
/// denoiser that knows frames is trained before.
void check_frames(const sampling_options& options, bool trained_first);

/// Says which words of each text have no room, and which of the others training never used.
void tell_never_seen(const walt::word_vectors& text, const std::vector<std::string>& texts);

/// Captions, half of them of combinations that training never shows.
std::vector<std::string> evaluation_texts(int count);

/// Texts and captions from lines such as "a crimson shoe drifting west = a red sneaker moving left".
void read_prompts(const std::filesystem::path& path, sampling_options& into);

/// Prints the tokenizer's PSNR on clips of pictures that it has not seen, half of them of held-out combinations, and
/// writes them, encoded and decoded, to out/reconstructed.safetensors: what `judge` finds there bounds what it can find
/// in samples.
void evaluate_tokenizer(const sampling_options& options, int count);

} // namespace demo
