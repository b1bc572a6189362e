// Videos that have given frames: from a picture, from five frames to seventeen, and between two pictures.
// test: --steps 2
#include "program.hpp"

#include <walt/config/demo.hpp>
#include <walt/cpu.hpp>
#include <walt/diffusion/known.hpp>
#include <walt/io/gif.hpp>
#include <walt/io/png.hpp>
#include <walt/io/weights.hpp>
#include <walt/text/word_vectors.hpp>
#include <walt/tokenizer/tokenizer.hpp>

#include <fmt/core.h>

#include <cmath>

namespace {

struct small : walt::presets::demo_frames {
    static constexpr int hidden = 64, heads = 2, depth = 2;
};

/// A bright spot that moves to the right.
walt::clips moving_spot(int frames, int side = 48) {
    walt::clips made{.shape = {1, frames, side, side}};
    for (std::int64_t i = 0; i < made.shape.size(); ++i) {
        const auto x = static_cast<double>(i / 3 % side), y = static_cast<double>(i / 3 / side % side),
                   f = static_cast<double>(i / made.shape.frame());
        made.pixels.push_back(static_cast<float>(1.8 * std::exp(-std::hypot(x - 12 - f, y - 24) / 6) - 0.9));
    }
    return made;
}

/// Whether frame f of the result is frame `from` of what was given.
bool keeps(const walt::video& made, int f, const walt::clips& given, int from) {
    const walt::video wanted = walt::to_videos(given)[0];
    return std::equal(made.frame(f), made.frame(f) + made.frame_size(), wanted.frame(from));
}

} // namespace

int main(int count, char** arguments) try {
    examples::program app("videos that have given frames");
    int steps = 12;
    std::string image;
    app.add_option("--steps", steps, "of DDIM")->check(CLI::Range(1, 1000));
    app.add_option("--image", image, "a PNG of any size to begin with; without one a spot is drawn");
    CLI11_PARSE(app, count, arguments);
    examples::make_writable_for("known_frames.gif");

    walt::cpu::context device;
    const walt::denoiser model(device, small{}, walt::compute<walt::bf16>, walt::seed{1}); // random: see scripts/demo
    walt::tokenizer tokenizer(device, walt::presets::demo_tokenizer{}, walt::compute<walt::bf16>, walt::seed{1});
    tokenizer.measure_latents([](std::int64_t) { return moving_spot(17); }, {.batches = 1});
    const walt::word_vectors text;
    const walt::sampling how{.sampler = walt::ddim{.steps = steps}, .guide = {.scale = 2}, .seed = walt::seed{1}};
    const walt::clips spot = moving_spot(17);

    // [picture]
    // A picture of any size becomes a video, two of them for two texts.
    const walt::clips picture = image.empty() ? spot.frames(0, 1) : walt::to_clips(walt::read_png(image), 48, 48);
    const auto moved =
        walt::sample(model, tokenizer, text, walt::prompts{"a red sneaker moving left", "a blue bag moving up"},
                     walt::first_frames{picture}, how);
    // [/picture]
    bool kept = keeps(moved[0], 0, picture, 0) && keeps(moved[1], 0, picture, 0);

    // Five frames are given, twelve are predicted.
    const auto predicted = walt::sample(model, tokenizer, walt::first_frames{spot.frames(0, 5)}, how);
    for (int f = 0; f < 5; ++f) kept = kept && keeps(predicted[0], f, spot, f);

    // What lies between two pictures; and any span of latent frames of a clip.
    // [between]
    const auto between =
        walt::sample(model, tokenizer, walt::keyframes{{{0, spot.frames(0, 1)}, {4, spot.frames(16, 1)}}}, how);
    // [/between]
    kept = kept && keeps(between[0], 0, spot, 0) && keeps(between[0], 16, spot, 16);
    const auto span = walt::sample(model, tokenizer, walt::known{spot, {0, 0, 1, 1, 0}}, how);
    for (int f = 5; f < 13; ++f) kept = kept && keeps(span[0], f, spot, f);

    walt::write_gif("known_frames.gif",
                    walt::tile(std::vector{moved[0], moved[1], predicted[0], between[0], span[0]}, 5));
    fmt::print("known_frames.gif: from a picture twice, from five frames, between two pictures, around a span; all "
               "have what they were given: {}\n",
               kept ? "yes" : "no");
    return kept ? 0 : 1;
} catch (const std::exception& problem) {
    return examples::failed(problem);
}
