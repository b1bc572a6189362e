// Ablations as the paper's Table 3: one model with one thing changed, trained on the same clips and measured alike. A
// part of the table is a file of rows/, a row a config that inherits `base`.
#pragma once

#include <walt/config/denoiser.hpp>
#include <walt/cpu.hpp>
#include <walt/io/folder_lock.hpp>
#include <walt/measures/reconstructions.hpp>
#include <walt/tokenizer/config.hpp>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace ablate {

using device = walt::cpu::context;
using element = float; // what rows compute in, on every processor; on some bf16 is faster (docs/results.md, Speed)

inline constexpr int frames = 17, side = 32; // pixels of a clip

/// 17 x 32 x 32 pixels to 5 x 8 x 8 latents.
struct base_tokens : walt::tokenizer_config {
    static constexpr int channels = 16, blocks = 1, latent = 8, norm_groups = 4;
    static constexpr std::array<int, 3> multipliers{1, 2, 3};
    static constexpr std::array<int, 2> time_strides{2, 2};
};
/// The model that every row changes: half of the paper's grid, so half of its windows, and its other settings.
struct base : walt::denoiser_config {
    static constexpr int frames = 5, height = 8, width = 8, channels = 8;
    static constexpr int hidden = 96, heads = 3, depth = 4, adaln_rank = 2;
    static constexpr int text_dim = 64, text_tokens = 8;
    static constexpr walt::window spatiotemporal_window{0, 4, 4};
};

struct options {
    std::filesystem::path run = "ablations"; ///< weights, states, logs and results; what is there is not done again
    std::filesystem::path features = "examples/weights/features.safetensors"; ///< the Frechet distance's network
    std::filesystem::path videos;   ///< a folder of the user's own; empty: moving fashion, with captions
    std::vector<std::string> parts; ///< names; empty: all
    int seeds = 3;                  ///< seeds 1 .. seeds
    std::int64_t steps = 1'500;     ///< of every denoiser
    std::int64_t tokenizer_steps = 1'000;
    std::int64_t judge_steps = 2'500;
    std::int64_t clips = 4'000;   ///< latents that a denoiser trains on
    std::int64_t evaluated = 160; ///< samples, and real clips that they are compared with
    int batch = 8;                ///< clips a step
    int sampling_steps = 50;      ///< of DDIM, as the paper's
};

class workbench;

/// A row of the table. measure: trains where that is still to do; nothing where it was interrupted.
struct row {
    std::string name;
    double paper = 0; ///< FVD of the paper's row, 0 where it has none
    std::function<std::optional<walt::named_numbers>(workbench&, std::uint64_t seed)> measure; ///< empty: the base's
    bool losses_compare = true; ///< with the base's: of the same latents and noise
};

/// A part of the table; `place` orders them.
struct part {
    int place;
    std::string name, title;
    std::vector<row> rows;
};
/// A file of rows/ lists its parts before main begins: const bool patches = list({1, "patch", ...}).
bool list(part one);
const std::vector<part>& parts();

/// A row that is the base itself, by what it is called in this part.
inline row the_base(std::string name, double paper = 0) { return {std::move(name), paper, {}}; }

/// The result of a row, from the file that keeps it: where in `run` it lies.
std::filesystem::path result_file(const options& how, const part& of, const row& one, std::uint64_t seed);
std::optional<walt::named_numbers> read_result(const std::filesystem::path& file);

/// Several processes may share a folder: what one of them makes (a row, a tokenizer) is its own for so long, by a name.
std::optional<walt::folder_lock> claim(const options& how, const std::string& name); ///< nothing: another's
walt::folder_lock wait_to_claim(const options& how, const std::string& name);

/// Measures what is not measured yet, seed by seed, so that a whole table is there early. False: interrupted.
bool run(const options& how);

/// Writes run/ablations.md, with what became of the paper's orderings, and run/ablations.svg.
void write_table(const options& how);

} // namespace ablate
