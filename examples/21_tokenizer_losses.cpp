// What each term of a tokenizer's loss is good for: a trained tokenizer goes on with pixels alone, with a perceptual
// distance, with a critic, with both; each is then measured on clips of pictures that it has not seen. One variant a
// call: --terms pixels, perceptual, critic or both; `--features judge.safetensors` (examples/judge trains it) and
// `--measure stlpips_alex.safetensors` (scripts/get_stlpips fetches it) name weights of feature networks; without them
// these have starting values, whose distances say little.
// test: --terms both --steps 2 --batch 1 --unseen 1 --measure-every 1
#include <walt/config/demo.hpp>
#include <walt/cpu.hpp>
#include <walt/critic/adversary.hpp>
#include <walt/data/batches.hpp>
#include <walt/data/moving_fashion.hpp>
#include <walt/io/png.hpp>
#include <walt/io/weights.hpp>
#include <walt/measures/pixels.hpp>
#include <walt/perceptual/item_features.hpp>
#include <walt/perceptual/st_lpips.hpp>
#include <walt/tokenizer/tokenizing.hpp>
#include <walt/train/csv_file.hpp>
#include <walt/train/ema.hpp>
#include <walt/train/save_to.hpp>
#include <walt/train/terms_log.hpp>
#include <walt/train/trainer.hpp>
#include <walt/train/validation.hpp>

#include <CLI/CLI.hpp>

#include <cstdio>
#include <filesystem>
#include <functional>

namespace {

using device = walt::cpu::context;
using tokenizer = walt::tokenizer<device, walt::presets::demo_tokenizer, walt::bf16>;

struct critic_of_48 : walt::critic_config {
    static constexpr int channels = 16, dense = 64, frames = 9, height = 48, width = 48;
    static constexpr std::array<int, 4> multipliers{2, 4, 4, 4};
};

/// A distance with the weights of a file, or with starting values.
template <class Network, class Weights> auto distance_of(device& on, const std::string& file) {
    walt::perceptual_distance distance(on, Network{}, walt::compute<walt::bf16>, walt::seed{3});
    if (!file.empty()) Weights(file).fill(distance.net(), on);
    return distance;
}

/// The middle frame of every clip above what became of it.
void write_pictures(const std::filesystem::path& path, const walt::clips& real, const walt::clips& decoded) {
    std::vector<walt::video> rows;
    for (const walt::clips* of : {&real, &decoded}) {
        const walt::clips middle = of->frames(of->shape.frames / 2, 1);
        const auto& shape = middle.shape;
        for (walt::video& one : walt::to_videos(walt::view<const float, -1, -1, -1, -1, 3>(
                 middle.pixels.data(), shape.count, shape.frames, shape.height, shape.width)))
            rows.push_back(std::move(one));
    }
    walt::write_png(path, walt::upscale(walt::tile(rows, static_cast<int>(real.shape.count)), 3));
}

} // namespace

int main(int count, char** arguments) try {
    CLI::App app("train a tokenizer with some of its losses");
    std::string terms = "both", features, measure, start;
    std::filesystem::path run = "tokenizer_losses";
    std::int64_t steps = 500, every = 200;
    int batch = 6, unseen = 32;
    app.add_option("--terms", terms)->check(CLI::IsMember({"pixels", "perceptual", "critic", "both"}));
    app.add_option("--features", features, "weights of the perceptual loss' network");
    app.add_option("--measure", measure, "weights of ST-LPIPS's AlexNet");
    app.add_option("--start", start, "weights of the tokenizer to go on from");
    app.add_option("--run", run, "folder for state, log and pictures");
    app.add_option("--steps", steps);
    app.add_option("--measure-every", every, "steps");
    app.add_option("--batch", batch, "clips a step");
    app.add_option("--unseen", unseen, "clips to measure on");
    CLI11_PARSE(app, count, arguments);
    run /= terms;
    std::filesystem::create_directories(run);

    device cpu;
    const walt::moving_fashion data({.size = 48, .frames = 9}),
        test({.size = 48, .frames = 9, .split = walt::split::held_out, .pictures = walt::fashion_part::test});
    const walt::clips real = walt::batches(test, {.batch = unseen})(0);
    tokenizer model(cpu, {}, walt::compute<walt::bf16>, walt::seed{1});
    if (!start.empty()) walt::load_weights(start, model);

    const auto perceptual =
        distance_of<walt::perceptual_network<walt::item_features, false>, walt::judge_weights>(cpu, features);
    const auto st_lpips = distance_of<walt::perceptual_network<walt::st_alexnet>, walt::weights_file>(cpu, measure);
    walt::critic critic(cpu, critic_of_48{}, walt::compute<walt::bf16>, walt::seed{2});
    const walt::training options{.rate = {.warmup = 50, .total = steps}};
    const walt::adamw adam = walt::adamw::adversarial(3e-4f);
    walt::ema average(model);

    walt::csv_file table(run / "unseen.csv", "step,psnr,ssim,item_features,st_lpips", steps);
    const auto look = [&](std::int64_t step) { // at what the averaged tokenizer makes of clips that it has not seen
        const walt::clips decoded =
            average.model().decode(average.model().encode(real, walt::latent_scale::raw)); // back at once: any scale
        const double decibels = walt::psnr(decoded, real), structure = walt::ssim(decoded, real),
                     items = perceptual(decoded, real), shift_tolerant = st_lpips(decoded, real);
        std::printf("%s, step %lld: PSNR %.2f dB, SSIM %.4f, item features %.4f, ST-LPIPS (AlexNet) %.4f\n",
                    terms.c_str(), static_cast<long long>(step), decibels, structure, items, shift_tolerant);
        std::fflush(stdout);
        table.add(fmt::format("{},{:.3f},{:.4f},{:.4f},{:.4f}", step, decibels, structure, items, shift_tolerant));
        write_pictures(run / fmt::format("unseen_{}.png", step), real, decoded);
    };
    const auto train = [&](auto& goal) {
        walt::trainer trainer(model, std::ref(goal), adam, options);
        look(0);
        walt::validation looks(every, [&] {
            look(trainer.step_count());
            return trainer.step_count();
        });
        return trainer.run(walt::batches(data, {.batch = batch, .image_rate = 0.25}), walt::steps{steps}, goal, average,
                           walt::terms_log{run / "terms.csv", goal}, walt::save_to{run}, looks);
    };
    walt::adversary opponent(critic, {}, adam, options);
    if (terms == "pixels") {
        walt::tokenizing goal(model, {.perceptual = 0}, walt::none{}, perceptual);
        return train(goal) ? 0 : 1;
    }
    if (terms == "perceptual") {
        walt::tokenizing goal(model, {}, walt::none{}, perceptual);
        return train(goal) ? 0 : 1;
    }
    walt::tokenizing goal(model, {.perceptual = terms == "critic" ? 0.0f : 0.1f}, opponent, perceptual);
    return train(goal) ? 0 : 1;
} catch (const std::exception& problem) {
    std::fprintf(stderr, "%s\n", problem.what());
    return 1;
}
