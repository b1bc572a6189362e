// A tokenizer learns from pixels and from what a frozen network sees in them; PSNR, SSIM and the perceptual distance of
// clips that it has not seen, before and after. With --features examples/weights/features.safetensors the network is a
// small classifier of clothes; without a file it has starting values, whose distance says little. ST-LPIPS
// (scripts/get_stlpips) is one line away.
// test: --steps 3 --batch 1 --clips 1
#include "program.hpp"

#include <walt/config/demo.hpp>
#include <walt/cpu.hpp>
#include <walt/data/batches.hpp>
#include <walt/data/moving_fashion.hpp>
#include <walt/io/weights.hpp>
#include <walt/measures/reconstructions.hpp>
#include <walt/perceptual/item_features.hpp>
#include <walt/tokenizer/tokenizing.hpp>
#include <walt/train/trainer.hpp>

#include <fmt/core.h>

#include <functional>

using features = walt::perceptual_network<walt::item_features, false>; // or walt::perceptual_network<walt::st_alexnet>

template <class Distance>
int learn(walt::cpu::context& device, const Distance& distance, std::int64_t steps, int batch, int unseen) {
    walt::tokenizer model(device, walt::presets::demo_tokenizer{}, walt::compute<walt::bf16>, walt::seed{1});
    const walt::moving_fashion clips({.size = 48}),
        others({.size = 48, .split = walt::split::held_out, .pictures = walt::fashion_part::test});
    const walt::clips held_out = walt::read_clips(others, walt::seed{7}, 0, unseen);
    const auto report = [&] {
        const auto found =
            walt::measure_reconstructions(model, held_out, walt::named_measure{"perceptual distance", distance});
        for (const auto& [name, value] : found) fmt::print("{} {:.4f}  ", name, value);
        fmt::print("\n");
        return found.back().second;
    };
    const double before = report();
    walt::tokenizing goal(model, {.latent_pull = 1e-3f, .latent_noise = 0.1f}, walt::none{}, distance);
    walt::trainer trainer(model, std::ref(goal), walt::adamw{.learning_rate = 2e-3f},
                          {.rate = {.warmup = 5, .total = steps}});
    if (!trainer.run(walt::batches(clips, {.batch = batch}), walt::steps{steps}, goal)) return 1;
    return report() < before ? 0 : 1;
}

int main(int count, char** arguments) try {
    examples::program app("train a tokenizer with a perceptual distance");
    std::int64_t steps = 500;
    int batch = 3, unseen = 16;
    std::string file;
    app.add_option("--steps", steps, "of the training")->check(CLI::PositiveNumber);
    app.add_option("--batch", batch, "clips a step")->check(CLI::PositiveNumber);
    app.add_option("--clips", unseen, "clips to measure on")->check(CLI::PositiveNumber);
    app.add_option("--features", file, "the network's weights");
    CLI11_PARSE(app, count, arguments);

    walt::cpu::context device;
    using walt::bf16, walt::perceptual_distance;
    if (file.empty())
        return learn(device, perceptual_distance(device, features{}, walt::compute<bf16>, walt::seed{1}), steps, batch,
                     unseen);
    return learn(device, perceptual_distance(device, features{}, walt::compute<bf16>, walt::weights_file(file)), steps,
                 batch, unseen);
} catch (const std::exception& problem) {
    return examples::failed(problem);
}
