// A world that is learned and then steered frame by frame: arrow keys push a ball. Every frame is made by a diffusion
// model of the two before it and the thrust asked for. Trains first where there are no weights.
// refuses: --script "right forward" => "forward" is none
// test: --tokenizer-steps 3 --steps 3 --clips 64 --worlds 1 --length 3 --script "right right up . left"
#include "../program.hpp"
#include "obedience.hpp"
#include "terminal.hpp"

#include <walt/data/batches.hpp>
#include <walt/data/latent_cache.hpp>
#include <walt/diffusion/denoising.hpp>
#include <walt/io/gif.hpp>
#include <walt/io/weights.hpp>
#include <walt/tokenizer/reconstruction.hpp>
#include <walt/train/ema.hpp>
#include <walt/train/save_to.hpp>
#include <walt/train/trainer.hpp>

#include <fmt/core.h>

#include <chrono>
#include <filesystem>
#include <sstream>
#include <thread>

namespace {

struct settings {
    std::filesystem::path run = "play_run";
    std::int64_t tokenizer_steps = 1500, steps = 6000, clips = 20'000;
    int sampler_steps = 2; // a world without chance: more steps sample what the model is not sure of
};

/// Both trainings; false where one was interrupted, and saved.
bool train(const settings& asked) {
    play::device device;
    const play::clips data;
    play::tokenizer tokens(device, {}, walt::compute<walt::bf16>, walt::seed{1});
    walt::trainer teach(tokens, walt::reconstruction{.latent_noise = 0.05f}, walt::adamw{.learning_rate = 2e-3f},
                        {.rate = {.warmup = 50, .total = asked.tokenizer_steps}});
    walt::ema tokens_average(tokens);
    const bool first = teach.run(walt::batches(data, {.batch = 16}), walt::steps{asked.tokenizer_steps}, tokens_average,
                                 walt::save_to{asked.run / "tokenizer"});
    if (!first) return false;
    play::tokenizer& tokenizer = tokens_average.model();
    tokenizer.measure_latents(walt::batches(data, {.batch = 16}));

    play::denoiser model(device, {}, walt::compute<walt::bf16>, walt::seed{2});
    // Two frames are always known, and nothing is guided: the thrust is never left out.
    walt::trainer trainer(model, walt::denoising{.condition_drop = 0, .knows = {.first = 0, .first_two = 1}},
                          walt::adamw{.learning_rate = 2e-3f}, {.rate = {.warmup = 100, .total = asked.steps}});
    walt::ema average(model);
    const walt::latent_cache latents(tokenizer, data, {.clips = asked.clips, .batch = 64, .image_rate = 0});
    if (!trainer.run(latents, walt::steps{asked.steps}, average, walt::save_to{asked.run / "denoiser"})) return false;
    walt::save_weights<walt::bf16>(asked.run / "tokenizer.safetensors", tokenizer);
    walt::save_weights<walt::bf16>(asked.run / "denoiser.safetensors", average.model());
    return true;
}

/// "right up . left": a word a frame; "." is no thrust.
std::vector<play::thrust> read_script(const std::string& text) {
    std::istringstream words(text);
    std::vector<play::thrust> script;
    for (std::string word; words >> word;) {
        walt::require(word == "left" || word == "right" || word == "up" || word == "down" || word == ".",
                      "a script has the words left, right, up, down and '.'; \"{}\" is none", word);
        script.push_back({(word == "right") - (word == "left"), (word == "down") - (word == "up")});
    }
    return script;
}

/// Arrow keys push, for two frames each; q ends.
void play_with(play::world& world, const play::keyboard& keys) {
    play::thrust asked;
    fmt::print("\x1b[2J\x1b[?25l");
    for (int held = 0;;) {
        const auto begin = std::chrono::steady_clock::now();
        const std::string typed = keys.typed();
        if (typed.find('q') != typed.npos) break;
        const auto has = [&](const char* arrow) { return typed.find(arrow) != typed.npos; };
        const play::thrust now{has("\x1b[C") - has("\x1b[D"), has("\x1b[B") - has("\x1b[A")};
        if (now != play::thrust{}) asked = now, held = 2;
        else if (--held < 0) asked = {};
        const walt::video frame = world.step(asked);
        const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
        fmt::print("\x1b[H{}arrow keys push, q ends; {:.0f} ms a frame  \n", play::half_blocks(frame), took.count());
        std::fflush(stdout);
        std::this_thread::sleep_until(begin + std::chrono::milliseconds(120));
    }
    fmt::print("\x1b[?25h");
}

void append(walt::video& to, const walt::video& frame) {
    to.rgb.insert(to.rgb.end(), frame.rgb.begin(), frame.rgb.end());
    to.frames += frame.frames;
}

} // namespace

int main(int count, char** arguments) try {
    examples::program app("steer a learned world");
    settings asked;
    std::filesystem::path weights;
    std::string script;
    int worlds = 0, length = 40;
    app.add_option("--run", asked.run, "folder of the training; the same command goes on");
    app.add_option("--weights", weights,
                   "folder with tokenizer.safetensors and denoiser.safetensors; empty: the run's");
    app.add_option("--tokenizer-steps", asked.tokenizer_steps, "of the tokenizer's training")
        ->check(CLI::PositiveNumber);
    app.add_option("--steps", asked.steps, "of the denoiser's training")->check(CLI::PositiveNumber);
    app.add_option("--clips", asked.clips, "latents to train on")->check(CLI::PositiveNumber);
    app.add_option("--sampler-steps", asked.sampler_steps, "of every frame")->check(CLI::Range(1, 1000));
    app.add_option("--script", script,
                   "instead of keys: left, right, up, down or '.', a word a frame; writes play.gif");
    app.add_option("--worlds", worlds, "measure how many frames of so many worlds obey")->check(CLI::NonNegativeNumber);
    app.add_option("--length", length, "frames of each of them")->check(CLI::PositiveNumber);
    CLI11_PARSE(app, count, arguments);
    const std::vector<play::thrust> thrusts = read_script(script);
    if (!thrusts.empty()) examples::make_writable_for("play.gif");

    if (weights.empty()) {
        weights = asked.run;
        if (!std::filesystem::exists(weights / "denoiser.safetensors") && !train(asked)) return walt::exit_status();
    }
    play::device device;
    const play::tokenizer frames(device, {}, walt::compute<walt::bf16>,
                                 walt::weights_file(weights / "tokenizer.safetensors"));
    const play::denoiser model(device, {}, walt::compute<walt::bf16>,
                               walt::weights_file(weights / "denoiser.safetensors"));

    if (worlds > 0) {
        const play::obedience found = play::measure(model, frames, worlds, length, asked.sampler_steps);
        fmt::print(
            "{} frames, the ball lost in {}; {} judged, {} obeyed ({:.1f} %), {:.2f} pixels from the simulator's\n",
            found.frames, found.lost, found.judged, found.obeyed,
            100.0 * static_cast<double>(found.obeyed) / static_cast<double>(std::max<std::int64_t>(1, found.judged)),
            found.error / static_cast<double>(std::max<std::int64_t>(1, found.judged)));
    }
    play::world world(model, frames, {}, asked.sampler_steps);
    const play::keyboard keys;
    if (!thrusts.empty()) {
        walt::video seen = world.begins();
        for (const play::thrust one : thrusts) append(seen, world.step(one));
        walt::write_gif("play.gif", walt::upscale(seen, 6), 8,
                        walt::json_fields()("thrusts", script)("sampler steps", asked.sampler_steps).text());
        fmt::print("{} frames in play.gif\n", seen.frames);
    } else if (keys.there()) play_with(world, keys);
    else if (worlds == 0) fmt::print("there is no terminal to play on: --script \"right up . left\" writes play.gif\n");
    return 0;
} catch (const std::exception& problem) {
    return examples::failed(problem);
}
