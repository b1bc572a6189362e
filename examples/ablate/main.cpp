// The paper's ablation table at a small scale: on moving fashion, or with --videos on a folder of your own. What was
// stopped goes on, and what is measured is not measured again; several processes may share a --run, each of one thread,
// say. `scripts/ablate` builds all rows; alone this program has the base's.
// test: --parts guidance --seeds 1 --steps 2 --tokenizer-steps 2 --judge-steps 2 --clips 16 --evaluated 16 --sampling-steps 2 --features {weights}/features.safetensors
#include "../program.hpp"
#include "ablate.hpp"

#include <walt/train/interrupts.hpp>

#include <fmt/core.h>

#include <exception>

int main(int count, char** arguments) try {
    examples::program app("walt's ablations: one model with one thing changed at a time");
    ablate::options how;
    app.add_option("--run", how.run, "folder for weights, results, table and picture");
    app.add_option("--parts", how.parts, "parts of the table; none: all");
    app.add_option("--videos", how.videos, "a folder of your own videos")->check(CLI::ExistingDirectory);
    app.add_option("--features", how.features, "weights of the network of the Frechet distance")
        ->check(CLI::ExistingFile);
    app.add_option("--seeds", how.seeds, "seeds 1 to this")->check(CLI::PositiveNumber);
    app.add_option("--steps", how.steps, "steps of every denoiser")->check(CLI::PositiveNumber);
    app.add_option("--tokenizer-steps", how.tokenizer_steps, "steps of every tokenizer")->check(CLI::PositiveNumber);
    app.add_option("--judge-steps", how.judge_steps, "steps of the captions' judge")->check(CLI::PositiveNumber);
    app.add_option("--clips", how.clips, "latents to train on")->check(CLI::PositiveNumber);
    app.add_option("--evaluated", how.evaluated, "samples that are measured")->check(CLI::Range(2, 100'000));
    app.add_option("--batch", how.batch, "clips a step")->check(CLI::PositiveNumber);
    app.add_option("--sampling-steps", how.sampling_steps, "of DDIM")->check(CLI::Range(1, 1000));
    CLI11_PARSE(app, count, arguments);

    if (!ablate::run(how)) {
        fmt::print("interrupted and saved; the same command goes on\n");
        return walt::exit_status();
    }
    fmt::print("{} and ablations.svg\n", (how.run / "ablations.md").string());
    return 0;
} catch (const std::exception& problem) {
    return examples::failed(problem);
}
