// A video without an end: each round begins with the last five frames and adds twelve, which go to a file as they come.
// Another text takes over on the way, and a table says how the frames' looks drift.
// test: --steps 2 --rounds 3
#include "program.hpp"

#include <walt/config/demo.hpp>
#include <walt/cpu.hpp>
#include <walt/data/long_video.hpp>
#include <walt/diffusion/long_video.hpp>
#include <walt/io/weights.hpp>
#include <walt/measures/drift.hpp>
#include <walt/text/word_vectors.hpp>
#include <walt/tokenizer/tokenizer.hpp>

#include <fmt/core.h>

#include <algorithm>

struct small : walt::presets::demo_frames {
    static constexpr int hidden = 64, heads = 2, depth = 2;
};

int main(int count, char** arguments) try {
    examples::program app("a video that goes on and on");
    int steps = 12, rounds = 5;
    app.add_option("--steps", steps, "of DDIM")->check(CLI::Range(1, 1000));
    app.add_option("--rounds", rounds, "of twelve frames, after seventeen")->check(CLI::Range(1, 1000000));
    CLI11_PARSE(app, count, arguments);

    walt::cpu::context device;
    const walt::denoiser model(device, small{}, walt::compute<walt::bf16>, walt::seed{1}); // random: see scripts/demo
    walt::tokenizer tokenizer(device, walt::presets::demo_tokenizer{}, walt::compute<walt::bf16>, walt::seed{1});
    tokenizer.measure_latents(
        [](std::int64_t) {
            walt::clips noise{.shape = {2, 17, 48, 48}};
            for (std::int64_t i = 0; i < noise.shape.size(); ++i)
                noise.pixels.push_back(0.3f * walt::philox{1}.normal(static_cast<std::uint64_t>(i)));
            return noise;
        },
        {.batches = 1});
    const walt::word_vectors text;
    const walt::sampling how{.sampler = walt::ddim{.steps = steps}, .guide = {.scale = 2}, .seed = walt::seed{1}};
    const auto told = [&](int round) {
        return walt::prompts{2 * round <= rounds ? "a red sneaker moving left" : "a blue sneaker moving left"};
    };

    // [long]
    walt::long_video video(model, tokenizer, how, {.noise = 50});
    walt::video_writer file("longer.mp4", 48, 48);
    // [/long]
    walt::video_so_far middle;
    walt::clips last;
    fmt::print("| frames | red | green | blue | sharpness |\n|---|---|---|---|---|\n");
    for (int round = 0; round <= rounds; ++round) {
        if (round == rounds) middle = video.so_far();
        last = video.next(text, told(round));
        file.add(last);
        const auto looks = walt::frame_looks::of(last);
        fmt::print("| to {} | {:.3f} | {:.3f} | {:.3f} | {:.3f} |\n", file.frames(), looks.colour[0], looks.colour[1],
                   looks.colour[2], looks.sharpness);
    }
    file.finish();

    // Another program could go on from where this one was, and would make the same.
    walt::long_video again(model, tokenizer, how, {.noise = 50}, middle);
    const bool same = again.next(text, told(rounds)) == last;
    fmt::print("{} frames in longer.mp4; the last round made again is the same: {}\n", file.frames(),
               same ? "yes" : "no");
    return same && file.frames() == 17 + 12 * rounds ? 0 : 1;
} catch (const std::exception& problem) {
    return examples::failed(problem);
}
