// The demo's sampling: texts to latents to pixels to files.
#include "../judge/write_clips.hpp"
#include "demo.hpp"

#include <walt/core/version.hpp>
#include <walt/diffusion/dpm_solver.hpp>
#include <walt/diffusion/sample.hpp>
#include <walt/io/file_hash.hpp>
#include <walt/io/gif.hpp>
#include <walt/io/mp4.hpp>
#include <walt/io/output_names.hpp>
#include <walt/io/png.hpp>
#include <walt/io/progress.hpp>
#include <walt/train/checkpoint.hpp>

#include <fmt/core.h>

#include <algorithm>

namespace demo {

walt::sampling sampling_of(const sampling_options& options) {
    walt::require(options.sampler == "dpm" || options.sampler == "ddim", "the demo samples by dpm or ddim, not by {}",
                  options.sampler);
    const bool second_order = options.sampler == "dpm";
    const int steps = options.steps > 0 ? options.steps : second_order ? 12 : 50;
    return {.sampler = second_order ? walt::any_sampler(walt::dpm_solver_pp_2m{.steps = steps})
                                    : walt::any_sampler(walt::ddim{.steps = steps}),
            .guide = {.scale = options.guidance, .rescale = options.rescale},
            .seed = walt::seed{options.seed},
            .reuse = {.threshold = options.reuse}};
}

void check(const sampling_options& options) {
    walt::check_options(sampling_of(options));
    for (const std::string& text : options.texts)
        walt::require(walt::unicode::valid(text), "a text is not valid UTF-8: '{}'", text);
    walt::make_writable(options.out);
}

std::string how_made(const sampling_options& options, const std::filesystem::path& weights,
                     const std::vector<std::string>& texts) {
    const walt::sampling how = sampling_of(options);
    return walt::json_fields()("walt", walt::version)("texts", texts)("weights", walt::file_hash(weights))(
               "sampler", options.sampler)("steps", how.sampler.levels().size())(
               "guidance", static_cast<double>(options.guidance))("rescale", static_cast<double>(options.rescale))(
               "reuse", static_cast<double>(options.reuse))("seed", options.seed)
        .text();
}

std::vector<walt::video> sample_videos(const denoiser& model, const tokenizer& decoder, const walt::word_vectors& text,
                                       const walt::prompts& texts, const sampling_options& options) {
    walt::sampling how = sampling_of(options);
    walt::progress shown(static_cast<std::int64_t>(how.sampler.levels().size()), "steps");
    std::int64_t decided = 0, reused = 0;
    how.seen = [&](int step) { shown.update(step + 1); };
    how.reuse.seen = [&](int, double, bool skipped) { ++decided, reused += skipped; };
    auto videos = walt::sample(model, decoder, text, texts, how);
    if (decided > 0) fmt::print("{} of {} blocks skipped\n", reused, decided);
    return videos;
}

void tell_never_seen(const walt::word_vectors& text, const std::vector<std::string>& texts) {
    for (const std::string& one : texts) {
        if (const std::string left_out = text.no_room(one); !left_out.empty())
            fmt::print(stderr, "{}: {}\n", one, left_out);
        for (const std::string& sentence : text.never_seen(one)) fmt::print(stderr, "{}: {}\n", one, sentence);
    }
}

void sample(const sampling_options& options) {
    device cpu;
    tokenizer tokens(cpu, {}, walt::compute<walt::bf16>);
    denoiser model(cpu, {}, walt::compute<walt::bf16>);
    walt::load_weights(options.weights / "tokenizer.safetensors", tokens);
    walt::load_weights(options.weights / "denoiser.safetensors", model);
    const auto unseen = options.own_vectors ? walt::unseen_words::own_vectors : walt::unseen_words::nearest_seen;
    const walt::word_vectors text = text_encoder(options.weights / "denoiser.safetensors", options.weights, unseen);
    tell_never_seen(text, options.texts);

    constexpr std::size_t at_once = 8;
    const walt::prompts texts(options.texts);
    const std::vector<std::string> names = walt::file_names(options.texts);
    const std::size_t count = names.size();
    const std::filesystem::path weights = options.weights / "denoiser.safetensors";
    const std::string made = how_made(options, weights, options.texts);
    std::vector<walt::video> videos;
    for (std::size_t first = 0; first < count; first += at_once) {
        const walt::prompts some = texts.part(first, std::min(at_once, count - first));
        for (walt::video& one : sample_videos(model, tokens, text, some, options)) {
            const std::size_t i = videos.size();
            if (options.files) {
                const std::string how = how_made(options, weights, {options.texts[i]});
                walt::write_gif(options.out / (names[i] + ".gif"), walt::upscale(one, 4), frames_per_second, how);
                walt::write_mp4(options.out / (names[i] + ".mp4"), one, frames_per_second, 0, how);
                fmt::print("{}: {}.gif, .mp4\n", options.texts[i], (options.out / names[i]).string());
            }
            videos.push_back(std::move(one));
        }
    }
    walt::write_png_grid(options.out / "grid.png", std::span(videos).first(std::min<std::size_t>(count, 16)), 2, made);
    judge::write_clips(options.out / "clips.safetensors", videos,
                       options.captions.empty() ? options.texts : options.captions, made);
    fmt::print("a row of frames for every text: {}\n", (options.out / "grid.png").string());
}

} // namespace demo
