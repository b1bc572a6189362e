// Text in, video out, in three stages: 24 x 24, 48 x 48 and 96 x 96. With --train: trains the tokenizer and the three
// denoisers, one after another, or goes on where it was stopped.
// refuses: --seed 18446744073709551616 => '18446744073709551616' is not a whole number, 0 or more, or too large
// test: --train --run cascade_test --tokenizer-steps 2 --base-steps 2 --twice-steps 2 --four-times-steps 2 --clips 16 --measure 1 --judge 2 --steps 2
#include "../program.hpp"
#include "cascade.hpp"

#include <walt/train/interrupts.hpp>

#include <fmt/core.h>

#include <exception>

int main(int count, char** arguments) try {
    examples::program app(
        "walt's toy cascade: videos of woven moving fashion from texts such as \"a red sneaker moving left\"");
    cascade::sampling_options how;
    cascade::training_options training;
    how.weights = "examples/weights/cascade";
    bool train = false;
    int clips = 0, judged = 0;
    std::filesystem::path st_lpips;
    app.add_option("texts", how.texts, "what to make videos of");
    app.add_option("--out", how.out, "folder for the videos");
    app.add_option("--weights", how.weights,
                   "folder of tokenizer, base, twice and four_times.safetensors, as --train writes them");
    app.add_option("--steps", how.steps, "of the first stage's DPM-Solver++ 2M")->check(CLI::Range(1, 1000));
    app.add_option("--later-steps", how.later_steps, "of the later stages'")->check(CLI::Range(1, 1000));
    app.add_option("--guidance", how.guidance, "how strongly the text guides the first stage");
    app.add_option("--level", how.level, "noise of the low-resolution latents")
        ->check(CLI::Range(0, cascade::most_level));
    app.add_option("--seed", how.seed, "of the noise that sampling starts from");
    app.add_option("--measure", clips, "instead of texts: super-resolution of so many real clips against bicubic")
        ->check(CLI::NonNegativeNumber);
    app.add_option("--judge", judged, "instead of texts: samples of so many captions, as `judge --clips` reads them")
        ->check(CLI::NonNegativeNumber);
    app.add_option("--st-lpips", st_lpips, "stlpips_alex.safetensors (scripts/get_stlpips), for --measure")
        ->check(CLI::ExistingFile);
    app.add_flag("--train", train, "train; Ctrl-C saves, and the same command goes on");
    app.add_option("--run", training.run, "folder of the training's state");
    app.add_option("--tokenizer-steps", training.tokenizer_steps, "steps of the tokenizer")->check(CLI::PositiveNumber);
    app.add_option("--base-steps", training.base_steps, "steps of the first stage")->check(CLI::PositiveNumber);
    app.add_option("--twice-steps", training.twice_steps, "steps of the second")->check(CLI::PositiveNumber);
    app.add_option("--four-times-steps", training.four_times_steps, "steps of the third")->check(CLI::PositiveNumber);
    app.add_option("--clips", training.clips,
                   "latents of the first stage kept in memory, half and a quarter as many of the others")
        ->check(CLI::PositiveNumber);
    CLI11_PARSE(app, count, arguments);

    if (train) {
        if (!cascade::train_tokenizer(training) || !cascade::train_base(training) || !cascade::train_twice(training) ||
            !cascade::train_four_times(training)) {
            fmt::print("interrupted and saved; the same command goes on\n");
            return walt::exit_status();
        }
        how.weights = training.run;
        how.out = training.run / "samples";
    }
    if (clips > 0) cascade::measure(how, clips, st_lpips);
    if (judged > 0) cascade::write_for_judge(how, judged);
    if (how.texts.empty() && clips == 0 && judged == 0) how.texts = {"a red sneaker moving left"};
    if (!how.texts.empty()) cascade::sample(how);
    return 0;
} catch (const std::exception& problem) {
    return examples::failed(problem);
}
