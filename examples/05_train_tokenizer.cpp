// A tokenizer learns to reconstruct moving fashion. PSNR before and after, on clips that it has not seen.
// refuses: --steps 010x => '010x' is not a whole number
// refuses: --batch 0 => Value 0 not in range
// test: --steps 8 --batch 1
#include "program.hpp"

#include <walt/config/demo.hpp>
#include <walt/cpu.hpp>
#include <walt/data/batches.hpp>
#include <walt/data/moving_fashion.hpp>
#include <walt/measures/pixels.hpp>
#include <walt/tokenizer/reconstruction.hpp>
#include <walt/train/ema.hpp>
#include <walt/train/save_to.hpp>
#include <walt/train/trainer.hpp>

#include <fmt/core.h>

int main(int count, char** arguments) try {
    examples::program app("train a tokenizer");
    std::int64_t steps = 500;
    int batch = 4;
    app.add_option("--steps", steps, "of the training")->check(CLI::PositiveNumber);
    app.add_option("--batch", batch, "clips a step")->check(CLI::PositiveNumber);
    CLI11_PARSE(app, count, arguments);

    walt::cpu::context device;
    const walt::moving_fashion train({.size = 32, .frames = 5}),
        test({.size = 32, .frames = 5, .split = walt::split::held_out, .pictures = walt::fashion_part::test});
    const walt::clips unseen = walt::batches(test, {.batch = 4})(0);
    walt::tokenizer model(device, walt::presets::demo_tokenizer{}, walt::compute<walt::bf16>, walt::seed{1});
    walt::trainer trainer(model, walt::reconstruction{}, walt::adamw{.learning_rate = 2e-3f},
                          {.rate = {.warmup = 5, .total = steps}});
    walt::ema average(model);
    const auto quality = [&] {
        const walt::latents latents =
            average.model().encode(unseen, walt::latent_scale::raw); // back at once: any scale
        return walt::psnr(average.model().decode(latents), unseen);
    };
    const double before = quality();
    if (!trainer.run(walt::batches(train, {.batch = batch}), walt::steps{steps}, average,
                     walt::save_to{"tokenizer_run"}))
        return walt::exit_status();
    const double after = quality();
    fmt::print("PSNR {:.2f} dB before, {:.2f} dB after {} steps\n", before, after, trainer.step_count());
    return after > before ? 0 : 1;
} catch (const std::exception& problem) {
    return examples::failed(problem);
}
