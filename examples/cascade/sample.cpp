// Texts through all three stages, whether these show what was asked for, and how much super-resolution wins over
// interpolation.
#include "../judge/write_clips.hpp"
#include "cascade.hpp"

#include <walt/data/halved.hpp>
#include <walt/data/moving_fashion.hpp>
#include <walt/data/read_clips.hpp>
#include <walt/data/videos.hpp>
#include <walt/diffusion/cascade.hpp>
#include <walt/diffusion/dpm_solver.hpp>
#include <walt/io/gif.hpp>
#include <walt/io/mp4.hpp>
#include <walt/io/output_names.hpp>
#include <walt/io/png.hpp>
#include <walt/io/weights.hpp>
#include <walt/measures/pixels.hpp>
#include <walt/perceptual/distance.hpp>
#include <walt/perceptual/st_lpips.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <utility>

namespace cascade {

namespace {

/// The trained models.
struct models {
    device cpu;
    tokenizer tokens{cpu, {}, walt::compute<float>};
    base first{cpu, {}, walt::compute<float>};
    twice second{cpu, {}, walt::compute<float>};
    four_times third{cpu, {}, walt::compute<float>};

    explicit models(const std::filesystem::path& folder) {
        walt::load_weights(folder / "tokenizer.safetensors", tokens);
        walt::load_weights(folder / "base.safetensors", first);
        walt::load_weights(folder / "twice.safetensors", second);
        walt::load_weights(folder / "four_times.safetensors", third);
    }
};

walt::sampling base_sampling(const sampling_options& options) {
    return {.sampler = walt::dpm_solver_pp_2m{.steps = options.steps}, .guide = {.scale = options.guidance}};
}
/// What the later stages see says nearly all, so that they are not guided.
walt::sampling later_sampling(const sampling_options& options) {
    return {.sampler = walt::dpm_solver_pp_2m{.steps = options.later_steps}};
}

auto stages_of(const models& all, const sampling_options& options) {
    const walt::sampling later = later_sampling(options);
    return walt::cascade(walt::stage{all.first, all.tokens, base_sampling(options)},
                         walt::stage{all.second, all.tokens, later, options.level},
                         walt::stage{all.third, all.tokens, later, options.level});
}

/// Clips of twice the height and width: Keys's cubic with a = -0.75, as PyTorch's bicubic, half-pixel centres, edges
/// repeated.
walt::clips bicubic(const walt::clips& from) {
    constexpr float taps[2][4] = {{-0.03515625f, 0.26171875f, 0.87890625f, -0.10546875f}, // at 3/4 and 1/4 behind
                                  {-0.10546875f, 0.87890625f, 0.26171875f, -0.03515625f}};
    walt::clips made = from;
    const walt::video_shape& in = from.shape;
    made.shape.height = 2 * in.height, made.shape.width = 2 * in.width;
    made.pixels.assign(static_cast<std::size_t>(made.shape.size()), 0.0f);
    const auto place = [](std::int64_t out, int tap, std::int64_t size) {
        return std::clamp<std::int64_t>((out + 1) / 2 - 2 + tap, 0, size - 1);
    };
    float* to = made.pixels.data();
    for (std::int64_t frame = 0; frame < in.count * in.frames; ++frame)
        for (std::int64_t y = 0; y < made.shape.height; ++y)
            for (std::int64_t x = 0; x < made.shape.width; ++x, to += in.channels)
                for (int i = 0; i < 4; ++i)
                    for (int j = 0; j < 4; ++j) {
                        const std::int64_t at =
                            ((frame * in.height + place(y, i, in.height)) * in.width + place(x, j, in.width)) *
                            in.channels;
                        for (std::int64_t c = 0; c < in.channels; ++c)
                            to[c] += taps[y % 2][i] * taps[x % 2][j] * from.pixels[static_cast<std::size_t>(at + c)];
                    }
    return made;
}

/// Clips of pictures that were not trained on, every second one of a held-out combination.
struct test_clips {
    walt::moving_fashion known = of(walt::split::train), held_out = of(walt::split::held_out);

    static walt::moving_fashion of(walt::split part) {
        return walt::moving_fashion(
            {.size = side, .frames = frames, .split = part, .pictures = walt::fashion_part::test, .weave = weave});
    }
    walt::clips operator()(int i) const { return walt::read_clips(i % 2 ? held_out : known, walt::seed{5}, i / 2, 1); }
};

constexpr int judged_side = 48; // what examples/judge looks at

} // namespace

void sample(const sampling_options& options) {
    walt::make_writable(options.out);
    const models all(options.weights);
    const auto stages = stages_of(all, options);
    const auto seen = stages.sample_all(text_encoder(), walt::prompts(options.texts), walt::seed{options.seed});
    const std::vector<std::string> names = walt::file_names(options.texts);
    std::vector<walt::video> all_shown;
    for (std::size_t i = 0; i < options.texts.size(); ++i) {
        const walt::video beside[] = {walt::upscale(seen[0][i], 4), walt::upscale(seen[1][i], 2), seen[2][i]};
        const walt::video shown = walt::tile(beside, 3);
        const std::string made = walt::json_fields()("text", options.texts[i])(
                                     "guidance", static_cast<double>(options.guidance))("seed", options.seed)
                                     .text();
        walt::write_gif(options.out / (names[i] + ".gif"), walt::upscale(shown, 2), frames_per_second, made);
        walt::write_mp4(options.out / (names[i] + ".mp4"), shown, frames_per_second, 0, made);
        fmt::print("{}: {}.gif, .mp4: 24 x 24, 48 x 48 and 96 x 96\n", options.texts[i],
                   (options.out / names[i]).string());
        all_shown.push_back(shown);
    }
    walt::write_png_grid(options.out / "stages.png", all_shown, 8);
}

void write_for_judge(const sampling_options& options, int count) {
    walt::make_writable(options.out);
    const models all(options.weights);
    const auto stages = stages_of(all, options);
    const test_clips of;
    std::vector<std::string> captions;
    std::vector<walt::video> sampled[3], real[3];
    const auto keep = [](std::vector<walt::video>& list, const walt::video& one) {
        list.push_back(walt::to_videos(walt::to_clips(one, judged_side, judged_side)).front());
    };
    constexpr int at_once = 8;
    for (int first = 0; first < count; first += at_once) {
        std::vector<std::string> texts;
        for (int i = first; i < std::min(first + at_once, count); ++i) {
            walt::clips clip = of(i);
            texts.push_back(clip.captions[0][0]);
            for (int s = 2; s >= 0; --s, clip = walt::halved(clip)) keep(real[s], walt::to_videos(clip).front());
        }
        const auto seen = stages.sample_all(text_encoder(), walt::prompts(texts),
                                            walt::seed{options.seed + static_cast<std::uint64_t>(first)});
        for (std::size_t s = 0; s < 3; ++s)
            for (const walt::video& one : seen[s]) keep(sampled[s], one);
        captions.insert(captions.end(), texts.begin(), texts.end());
    }
    for (int s = 0; s < 3; ++s)
        for (const auto& [kind, list] : {std::pair("sampled", &sampled[s]), std::pair("real", &real[s])}) {
            const std::filesystem::path file = options.out / fmt::format("{}_{}.safetensors", kind, side >> (2 - s));
            judge::write_clips(file, *list, captions);
            fmt::print("{}\n", file.string());
        }
}

void measure(const sampling_options& options, int count, const std::filesystem::path& st_lpips) {
    const models all(options.weights);
    std::optional<walt::perceptual_distance<device, walt::perceptual_network<walt::st_alexnet>, float,
                                            walt::weights_file::storage>>
        distance;
    device cpu;
    if (!st_lpips.empty())
        distance.emplace(cpu, walt::perceptual_network<walt::st_alexnet>{}, walt::compute<float>,
                         walt::weights_file(st_lpips));
    const test_clips clip;
    struct row {
        const char* name;
        double psnr = 0, st_lpips = 0;
    };
    const auto measured = [&](const auto& model, int halvings) {
        row rows[] = {{"bicubic"}, {"super-resolution"}, {"the clip, encoded and decoded"}};
        for (int i = 0; i < count; ++i) {
            walt::clips real = clip(i);
            for (int h = 0; h < halvings; ++h) real = walt::halved(real);
            const walt::clips small = walt::halved(real);
            walt::conditions told = walt::told(text_encoder(), walt::prompts{small.captions[0][0]});
            told.low_resolution = {
                .values = all.tokens.encode(small).values, .level = options.level, .seed = walt::seed{options.seed}};
            walt::sampling how = later_sampling(options);
            how.seed = walt::seed{options.seed + static_cast<std::uint64_t>(i)};
            const walt::clips made[] = {bicubic(small), all.tokens.decode(walt::sample_latents(model, told, how)),
                                        all.tokens.decode(all.tokens.encode(real))};
            for (std::size_t m = 0; m < std::size(made); ++m) {
                rows[m].psnr += walt::psnr(made[m], real) / count;
                if (distance) rows[m].st_lpips += (*distance)(made[m], real) / count;
            }
        }
        const int size = side >> halvings;
        fmt::print("{} x {} to {} x {}, {} clips that were not trained on:\n", size / 2, size / 2, size, size, count);
        for (const row& one : rows) {
            fmt::print("  {:30} {:6.2f} dB", one.name, one.psnr);
            if (distance) fmt::print("  ST-LPIPS {:.4f}", one.st_lpips);
            fmt::print("\n");
        }
    };
    measured(all.second, 1);
    measured(all.third, 0);
}

} // namespace cascade
