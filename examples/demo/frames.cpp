// The demo's videos from a picture, and longer than a clip: each round begins with the last frames of the one before.
// test: --train-frames --frames-run demo_test --frames-steps 2 --frames-clips 16 --rounds 1
#include "demo.hpp"

#include <walt/data/long_video.hpp>
#include <walt/data/moving_fashion.hpp>
#include <walt/data/read_clips.hpp>
#include <walt/diffusion/long_video.hpp>
#include <walt/io/image.hpp>
#include <walt/io/output_names.hpp>
#include <walt/io/png.hpp>
#include <walt/measures/drift.hpp>
#include <walt/perceptual/item_features.hpp>
#include <walt/train/checkpoint.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <optional>

namespace demo {

namespace {
/// What frames look like from round to round, beside real clips.
struct drift_table {
    device cpu;
    walt::perceptual_distance<device, walt::perceptual_network<walt::item_features, false>, walt::bf16> features;
    walt::drift<decltype(features)> rounds{"item features", features}, others = rounds;

    /// As many other real clips as there will be videos say how near any can be.
    drift_table(const std::filesystem::path& weights, std::size_t videos)
        : features(cpu, walt::perceptual_network<walt::item_features, false>{}, walt::compute<walt::bf16>,
                   walt::weights_file(weights)) {
        const walt::moving_fashion data({.size = side,
                                         .frames = frames,
                                         .split = walt::split::all,
                                         .pictures = walt::fashion_part::test,
                                         .around = true});
        for (int i = 0; i < 200; ++i) {
            const walt::clips real = walt::read_clips(data, walt::seed{9}, i, 1);
            rounds.add_real(real);
            others.add_real(real);
        }
        for (std::size_t i = 0; i < videos; ++i)
            others.add(0, walt::read_clips(data, walt::seed{9}, 200 + static_cast<std::int64_t>(i), 1));
    }
    void print() const {
        const auto line = [](const std::string& name, const walt::named_numbers& numbers) {
            fmt::print("| {} |", name);
            for (const auto& one : numbers) fmt::print(" {:.3f} |", one.second);
            fmt::print("\n");
        };
        fmt::print("| frames of |");
        for (const auto& one : rounds.of_real()) fmt::print(" {} |", one.first);
        fmt::print("\n|---|---|---|---|---|---|\n");
        line("200 real clips", rounds.of_real());
        line("other real clips", others.of(0));
        for (std::int64_t round = 0; round < rounds.rounds(); ++round)
            line(round == 0 ? "the first clip" : fmt::format("round {}", round), rounds.of(round));
    }
};
/// A clip of every text by the denoiser that knows no frames.
walt::clips first_clip(const sampling_options& options, const walt::prompts& texts, const tokenizer& tokens) {
    denoiser model(tokens.context(), {}, walt::compute<walt::bf16>);
    walt::load_weights(options.weights / "denoiser.safetensors", model);
    const walt::word_vectors text = text_encoder(options.weights / "denoiser.safetensors", options.weights);
    tell_never_seen(text, texts.texts);
    return tokens.decode(walt::sample_latents(model, text, texts, sampling_of(options)));
}
} // namespace

void check_frames(const sampling_options& options, bool trained_first) {
    walt::require(trained_first || std::filesystem::exists(options.frames),
                  "{} is not there: `scripts/demo --train-frames` makes it", options.frames.string());
    walt::require(!options.drift || std::filesystem::exists(options.features),
                  "{} is not there: drift is measured by its network", options.features.string());
    if (!options.image.empty()) walt::read_image(options.image);
}

void sample_frames(const sampling_options& options) {
    check_frames(options, false);
    device cpu;
    tokenizer tokens(cpu, {}, walt::compute<walt::bf16>);
    frames_denoiser model(cpu, {}, walt::compute<walt::bf16>);
    walt::load_weights(options.weights / "tokenizer.safetensors", tokens);
    walt::load_weights(options.frames, model);
    std::filesystem::create_directories(options.out);
    std::optional<drift_table> drift;
    if (options.drift) drift.emplace(options.features, options.texts.size());

    const int scale = 4; // so that small frames can be watched
    constexpr std::size_t at_once = 8, shown = 16;
    const walt::prompts all(options.texts);
    const std::vector<std::string> names = walt::file_names(options.texts);
    const walt::word_vectors text = text_encoder(options.frames, options.weights);
    std::vector<walt::video> picture(std::min(names.size(), shown),
                                     walt::video{0, side, side, {}}); // every fourth frame
    for (std::size_t first = 0; first < names.size(); first += at_once) {
        const walt::prompts texts = all.part(first, std::min(at_once, names.size() - first));
        std::deque<walt::video_writer> files;
        for (std::size_t i = 0; i < texts.texts.size(); ++i)
            files.emplace_back(options.out / (names[first + i] + "_long.mp4"), scale * side, scale * side,
                               frames_per_second, how_made(options, options.frames, {texts.texts[i]}));

        // This denoiser was trained hardly without known frames: a first clip of texts alone is the other one's, and
        // guidance leaves out the text alone.
        auto told = walt::told(model, text, texts);
        told.without.known = false;
        walt::going_on on;
        if (options.noise >= 0) on.noise = options.noise;
        walt::long_video video(model, tokens, sampling_of(options), on);
        for (int round = 0; round <= options.rounds; ++round) {
            const walt::clips made =
                round > 0 ? video.next(told)
                : options.image.empty()
                    ? first_clip(options, texts, tokens)
                    : video.begin(told,
                                  walt::first_frames{walt::to_clips(walt::read_image(options.image), side, side)});
            if (round == 0 && options.image.empty()) video.follow(made);
            if (drift) drift->rounds.add(round, made);
            const std::vector<walt::video> videos = walt::to_videos(made);
            for (std::size_t i = 0; i < videos.size(); ++i) {
                const auto before = static_cast<int>(files[i].frames());
                files[i].add(walt::to_clips(std::vector{walt::upscale(videos[i], scale)}));
                if (first + i >= picture.size()) continue;
                walt::video& row = picture[first + i];
                for (int f = (4 - before % 4) % 4; f < videos[i].frames; f += 4, ++row.frames)
                    row.rgb.insert(row.rgb.end(), videos[i].frame(f), videos[i].frame(f) + videos[i].frame_size());
            }
            fmt::print("{}: {} frames\n", round == 0 ? "the first clip" : fmt::format("round {}", round),
                       files.front().frames());
        }
        for (walt::video_writer& one : files) one.finish();
    }
    walt::write_png_grid(options.out / "long.png", picture, 1, how_made(options, options.frames, options.texts));
    fmt::print("a row of every fourth frame for every text: {}\n", (options.out / "long.png").string());
    if (drift) drift->print();
}

} // namespace demo
