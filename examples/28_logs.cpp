// A run that is logged as JSON lines and for TensorBoard, with what it reconstructs and how well between the steps.
// test: --steps 4 --every 2
#include "program.hpp"

#include <walt/config/demo.hpp>
#include <walt/cpu.hpp>
#include <walt/data/batches.hpp>
#include <walt/data/moving_fashion.hpp>
#include <walt/measures/pixels.hpp>
#include <walt/tokenizer/reconstruction.hpp>
#include <walt/train/evaluate_every.hpp>
#include <walt/train/json_log.hpp>
#include <walt/train/tensorboard_log.hpp>
#include <walt/train/trainer.hpp>

#include <fmt/core.h>

#include <exception>

int main(int count, char** arguments) try {
    examples::program app("train a tokenizer, and log it");
    std::int64_t steps = 500, every = 100;
    app.add_option("--steps", steps, "of the training")->check(CLI::PositiveNumber);
    app.add_option("--every", every, "steps between two looks at reconstructions")->check(CLI::PositiveNumber);
    CLI11_PARSE(app, count, arguments);

    walt::cpu::context device;
    const walt::moving_fashion train({.size = 32, .frames = 5}),
        test({.size = 32, .frames = 5, .split = walt::split::held_out, .pictures = walt::fashion_part::test});
    const walt::clips unseen = walt::read_clips(test, walt::seed{5}, 0, 4);
    walt::tokenizer model(device, walt::presets::demo_tokenizer{}, walt::compute<walt::bf16>, walt::seed{1});
    walt::trainer trainer(model, walt::reconstruction{}, walt::adamw{.learning_rate = 2e-3f},
                          {.rate = {.warmup = 5, .total = steps}});
    // [logs]
    const std::string settings = fmt::format("demo_tokenizer, {} steps", steps);
    walt::json_log lines("logged/log.jsonl", settings);
    walt::tensorboard_log board("logged", settings); // tensorboard --logdir logged
    const auto sample = [&] { return model.decode(model.encode(unseen, walt::latent_scale::raw)); };
    const auto measure = [&](const walt::clips& made) {
        return walt::named_numbers{{"PSNR", walt::psnr(made, unseen)}, {"SSIM", walt::ssim(made, unseen)}};
    };
    const bool whole = trainer.run(
        walt::batches(train, {.batch = 1}), walt::steps{steps}, lines, board,
        walt::evaluate_every(every, sample, measure, lines, board, walt::sample_folder{"logged/samples", settings}));
    // [/logs]
    if (!whole) return 1;
    fmt::print("logged/log.jsonl, logged/samples, and `tensorboard --logdir logged`\n");
} catch (const std::exception& problem) {
    return examples::failed(problem);
}
