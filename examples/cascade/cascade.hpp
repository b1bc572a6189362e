// A toy of the paper's cascade: three stages of moving fashion, whose cloth has a weave that only the larger frames
// show.
#pragma once

#include <walt/config/denoiser.hpp>
#include <walt/cpu.hpp>
#include <walt/data/clips.hpp>
#include <walt/io/frames.hpp>
#include <walt/text/word_vectors.hpp>
#include <walt/tokenizer/tokenizer.hpp>
#include <walt/transformer/denoiser.hpp>

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace cascade {

/// One tokenizer for all sizes: 17 x 2s x 2s pixels to 9 x s x s latents of 8 channels. It compresses little: at
/// 48 x 48 threads come every 2 and 4 pixels, and super-resolution comes no nearer to a clip than its tokenizer does.
struct tokens_config : walt::tokenizer_config {
    static constexpr int channels = 16, blocks = 1, latent = 8, norm_groups = 4;
    static constexpr std::array<int, 2> multipliers{1, 2};
    static constexpr std::array<int, 1> time_strides{2};
};
/// What all stages share.
struct shared_config : walt::denoiser_config {
    static constexpr int frames = 9, channels = 8, adaln_rank = 4, text_dim = 64, text_tokens = 8;
};
struct base_config : shared_config { // 17 x 24 x 24
    static constexpr int height = 12, width = 12, patch = 2, hidden = 112, heads = 4, depth = 4, mlp_hidden = 256;
    static constexpr walt::attention_pattern pattern = walt::attention_pattern::full;
};
struct twice_config : shared_config { // 17 x 48 x 48
    static constexpr int height = 24, width = 24, patch = 2, hidden = 96, heads = 3, depth = 3, mlp_hidden = 192;
    static constexpr bool super_resolution = true;
    static constexpr walt::window spatiotemporal_window{9, 6, 6};
};
struct four_times_config : twice_config { // 17 x 96 x 96
    static constexpr int height = 48, width = 48, patch = 4, hidden = 128, heads = 4, depth = 2;
};

using device = walt::cpu::context;
using tokenizer = walt::tokenizer<device, tokens_config, float>;
using base = walt::denoiser<device, base_config, float>;
using twice = walt::denoiser<device, twice_config, float>;
using four_times = walt::denoiser<device, four_times_config, float>;

inline constexpr int frames = 17, side = 96; // pixels of the last stage
inline constexpr int frames_per_second = 8;
inline constexpr float weave = 0.8f;
inline constexpr int most_level = 60; ///< noise of low-resolution latents in training: more hides the threads

/// The words' hashes: what the weights were trained with.
inline walt::word_vectors text_encoder() { return walt::word_vectors(base_config::text_dim, base_config::text_tokens); }

struct training_options {
    std::filesystem::path run = "cascade_run"; ///< state, logs and weights; training goes on from what is there
    std::int64_t tokenizer_steps = 8'000, base_steps = 4'000, twice_steps = 5'500, four_times_steps = 8'000;
    std::int64_t clips = 8'000; ///< latents of the base kept in memory; a half and a quarter of the others'
};
/// Each trains a part, unless its weights are there already, and writes them to the run's folder. False: interrupted,
/// and saved.
bool train_tokenizer(const training_options& options);
bool train_base(const training_options& options);
bool train_twice(const training_options& options);
bool train_four_times(const training_options& options);

struct sampling_options {
    std::filesystem::path weights, out = "cascade";
    std::vector<std::string> texts;
    int steps = 12; ///< of the base's DPM-Solver++ 2M
    /// Of the later stages', for which what they see says nearly all: more steps draw noise that was not there.
    int later_steps = 2;
    float guidance = 3; ///< of the base; the later stages are not guided
    int level = 10;     ///< noise of the low-resolution latents, up to most_level
    std::uint64_t seed = 1;
};
/// Writes out/<text>.gif and .mp4: the three stages side by side; and stages.png, a row of three frames for each text.
void sample(const sampling_options& options);

/// Writes out/sampled_24.safetensors, _48 and _96 and real_24 to _96: samples of so many captions and the real clips
/// that have them, each stage resized to 48 x 48, as `judge --clips` reads them.
void write_for_judge(const sampling_options& options, int count);

/// Prints how near both super-resolution stages come to clips of pictures and combinations that were not trained on,
/// from their real halves, and how near bicubic interpolation does: PSNR, and ST-LPIPS where a file has its weights
/// (scripts/get_stlpips).
void measure(const sampling_options& options, int count, const std::filesystem::path& st_lpips);

} // namespace cascade

extern template struct walt::tokenizer<cascade::device, cascade::tokens_config, float>;
extern template struct walt::denoiser<cascade::device, cascade::base_config, float>;
extern template struct walt::denoiser<cascade::device, cascade::twice_config, float>;
extern template struct walt::denoiser<cascade::device, cascade::four_times_config, float>;
