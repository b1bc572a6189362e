// Text in, video out. With --train: trains both models from scratch, or goes on where it was stopped.
// refuses: "[a red boot, a blue bag]" --prompts /dev/null => come alone, without the text '[a red boot, a blue bag]'
// refuses: --prompts "$empty" => has no prompt
// refuses: --evaluate 2 --prompts /dev/null => excludes
// refuses: --seed -1 => '-1' is not a whole number, 0 or more
// refuses: --seed 18446744073709551616 => '18446744073709551616' is not a whole number, 0 or more, or too large
// refuses: --steps 0x10 => '0x10' is not a whole number
// refuses: --help > /dev/full => standard output could not be written
// refuses: --train --rounds 1 => run_frames/frames.safetensors is not there
// refuses: --weights {weights} --image /dev/null => /dev/null
// test: --train --run demo_test --tokenizer-steps 3 --denoiser-steps 3 --clips 32 --evaluate 2 --steps 3
#include "../program.hpp"
#include "demo.hpp"

#include <walt/train/interrupts.hpp>

#include <fmt/core.h>

#include <exception>
#include <filesystem>

int main(int count, char** arguments) try {
    examples::program app("walt's demo: videos of moving fashion from texts such as \"a red sneaker moving left\"");
    demo::sampling_options how;
    how.weights = "examples/weights";
    demo::training_options training;
    demo::frames_training_options frames_training;
    bool train = false, train_frames = false, carry = false;
    int evaluate = 0;
    std::filesystem::path prompts;
    app.add_option("texts", how.texts, "what to make videos of");
    app.add_option("--out", how.out, "folder for the videos");
    app.add_option("--weights", how.weights, "folder of tokenizer.safetensors and denoiser.safetensors");
    app.add_option("--sampler", how.sampler, "dpm (DPM-Solver++ 2M), or ddim")->check(CLI::IsMember({"dpm", "ddim"}));
    app.add_option("--steps", how.steps, "of the sampler; without it 12 of dpm, 50 of ddim")
        ->default_str("")
        ->check(CLI::Range(1, 1000));
    app.add_option("--reuse", how.reuse,
                   "skip a block while its input is this near, relatively, to the one it was computed for; 0: never")
        ->check(CLI::NonNegativeNumber);
    app.add_option("--guidance", how.guidance, "how strongly the text guides; 1: not at all")
        ->check(CLI::Range(-1000.0, 1000.0));
    app.add_option("--rescale", how.rescale,
                   "how far guided answers keep the spread of those that were told the text: 0, not at all, to 1")
        ->check(CLI::Range(0.0, 1.0));
    app.add_option("--seed", how.seed, "of the noise that sampling starts from");
    app.add_option("--image", how.image, "a PNG or JPEG of any size, whose middle square videos begin with")
        ->check(CLI::ExistingFile);
    app.add_option("--rounds", how.rounds, "make videos longer, by so many rounds of 12 frames")
        ->check(CLI::NonNegativeNumber);
    app.add_option("--noise", how.noise, "of rounds: the level of noise on the frames that they know; without it none")
        ->default_str("")
        ->check(CLI::Range(0, 999));
    app.add_flag("--drift", how.drift, "a table of what frames look like, round by round");
    CLI::Option* const captions =
        app.add_option("--evaluate", evaluate,
                       "instead of texts: so many captions, half of them of combinations never trained on")
            ->check(CLI::NonNegativeNumber);
    app.add_option("--prompts", prompts, "instead of texts: a file of lines 'text = what it should show, as a caption'")
        ->check(CLI::ExistingFile)
        ->excludes(captions);
    app.add_flag("--own-vectors", how.own_vectors,
                 "give words that training never saw their own vectors, not those of the nearest seen words");
    app.add_flag("--train", train, "train; Ctrl-C saves, and the same command goes on");
    app.add_option("--run", training.run, "folder of the training's state");
    app.add_option("--tokenizer-steps", training.tokenizer_steps, "of its training")->check(CLI::PositiveNumber);
    app.add_option("--denoiser-steps", training.denoiser_steps, "of its training")->check(CLI::PositiveNumber);
    app.add_option("--clips", training.clips, "latents kept in memory")->check(CLI::PositiveNumber);
    app.add_flag("--carry", carry, "only give the denoiser of --weights texts by words.safetensors, in --run");
    app.add_flag("--train-frames", train_frames, "train the denoiser to know frames; Ctrl-C saves");
    app.add_option("--frames-run", frames_training.run, "folder of that training's state");
    app.add_option("--frames-steps", frames_training.steps, "of that training")->check(CLI::PositiveNumber);
    app.add_option("--frames-clips", frames_training.clips, "latents kept in memory")->check(CLI::PositiveNumber);
    CLI11_PARSE(app, count, arguments);

    if (carry) {
        demo::carry_texts(how.weights, training.run);
        return 0;
    }
    if (!how.texts.empty())
        walt::require(prompts.empty() && evaluate == 0, "--prompts and --evaluate come alone, without the text '{}'",
                      how.texts.front());
    training.words = frames_training.weights = how.weights;
    how.features = how.weights / "features.safetensors";
    if (train) {
        how.out = training.run / "demo";
        how.weights = frames_training.weights = training.run;
    }
    how.frames = how.weights / "frames.safetensors";
    if (train_frames || !std::filesystem::exists(how.frames)) how.frames = frames_training.run / "frames.safetensors";
    const bool frames = how.rounds > 0 || !how.image.empty() || how.drift;
    // All that is wrong is said here, before hours of work.
    if (!prompts.empty()) demo::read_prompts(prompts, how);
    if (evaluate > 0) how.texts = demo::evaluation_texts(evaluate);
    if (how.texts.empty()) how.texts = {"a red sneaker moving left", "a blue bag moving up"};
    how.files = evaluate == 0;
    if (frames) demo::check_frames(how, train_frames);
    demo::check(how);
    if (train) demo::check(training);
    if (train_frames) demo::check(frames_training);
    if (train) {
        if (!demo::train(training)) {
            fmt::print("interrupted and saved; the same command goes on\n");
            return walt::exit_status();
        }
        fmt::print("weights: {}\n", training.run.string());
    }
    if (train_frames) {
        if (!demo::train_frames(frames_training)) {
            fmt::print("interrupted and saved; the same command goes on\n");
            return walt::exit_status();
        }
    }
    if (frames) demo::sample_frames(how);
    if (!frames || train) demo::sample(how);
    if (evaluate > 0 && (!frames || train)) demo::evaluate_tokenizer(how, evaluate);
    return 0;
} catch (const std::exception& problem) {
    return examples::failed(problem);
}
