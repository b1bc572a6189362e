// What each term of a tokenizer's loss is good for: a trained tokenizer goes on with pixels alone, with a perceptual
// distance, with a critic, with both, for as many steps each, and is measured on clips that it has not seen: test
// pictures of moving fashion, or with --videos the last fifth of each of your files. `--features judge.safetensors`
// (examples/judge trains it) and `--measure stlpips_alex.safetensors` (scripts/get_stlpips fetches it) name weights of
// feature networks; without them these have starting values, whose distances say little. The perceptual loss looks
// through the first of them, which knows clothes, or with `--perceptual stlpips_vgg.safetensors` through ST-LPIPS's
// VGG, for pictures of anything. What was stopped goes on.
// test: --terms pixels both --steps 2 --batch 1 --unseen 1 --measure-every 1
#include "program.hpp"

#include <walt/config/demo.hpp>
#include <walt/cpu.hpp>
#include <walt/critic/adversary.hpp>
#include <walt/data/batches.hpp>
#include <walt/data/moving_fashion.hpp>
#include <walt/data/video_folder.hpp>
#include <walt/io/png.hpp>
#include <walt/io/weights.hpp>
#include <walt/measures/frechet.hpp>
#include <walt/measures/reconstructions.hpp>
#include <walt/perceptual/item_features.hpp>
#include <walt/perceptual/st_lpips.hpp>
#include <walt/tokenizer/tokenizing.hpp>
#include <walt/train/ema.hpp>
#include <walt/train/measures_log.hpp>
#include <walt/train/plot_every.hpp>
#include <walt/train/save_to.hpp>
#include <walt/train/terms_log.hpp>
#include <walt/train/trainer.hpp>

#include <cstdio>
#include <filesystem>
#include <functional>

namespace {

using device = walt::cpu::context;
using tokenizer = walt::tokenizer<device, walt::presets::demo_tokenizer, walt::bf16>;
constexpr int frames = 17, side = 48;

struct critic_of_48 : walt::critic_config {
    static constexpr int channels = 16, dense = 64, frames = ::frames, height = side, width = side;
    static constexpr std::array<int, 5> multipliers{2, 4, 4, 4, 4}; // 17 frames become 1, as those of images are
};

using source_of_clips = std::function<walt::clips(std::int64_t)>;

struct options {
    std::vector<std::string> terms{"pixels", "perceptual", "critic", "both"};
    std::string features, measure, perceptual, start, videos, train = "*";
    std::filesystem::path run = "tokenizer_losses";
    std::int64_t steps = 500, every = 250;
    float rate = 3e-4f;
    int batch = 4, unseen = 64;
};

/// A distance with the weights of a file, or with starting values.
template <class Network, class Weights> auto distance_of(device& on, const std::string& file) {
    walt::perceptual_distance distance(on, Network{}, walt::compute<walt::bf16>, walt::seed{3});
    if (!file.empty()) Weights(file).fill(distance.net(), on);
    return distance;
}

/// The networks that losses and measures look through, and the clips that none of the tokenizers has seen.
struct judgement {
    device& cpu;
    const walt::clips real;
    walt::perceptual_distance<device, walt::perceptual_network<walt::item_features, false>, walt::bf16> items;
    walt::perceptual_distance<device, walt::perceptual_network<walt::st_alexnet>, walt::bf16> st_lpips;
    std::vector<walt::video> pictures{}; ///< middle frames: a row of the real ones, and one of every tokenizer

    int columns() const { return static_cast<int>(std::min<std::int64_t>(8, real.shape.count)); }
    void add_row(const walt::clips& of) {
        const walt::clips middle = of.frames(of.shape.frames / 2, 1);
        for (walt::video& one : walt::to_videos(walt::view<const float, -1, -1, -1, -1, 3>(
                 middle.pixels.data(), columns(), middle.shape.frames, middle.shape.height, middle.shape.width)))
            pictures.push_back(std::move(one));
    }
    /// Of the features that ST-LPIPS looks at, pooled.
    double frechet(const walt::clips& decoded, const walt::clips& originals) const {
        const auto statistics_of = [&](const walt::clips& of) {
            walt::feature_statistics made;
            made.add(st_lpips.pooled(of), st_lpips.pooled_features);
            return made;
        };
        return walt::frechet_distance(statistics_of(originals), statistics_of(decoded));
    }
    walt::named_numbers operator()(const tokenizer& of) const {
        const auto distance = [&](const walt::clips& a, const walt::clips& b) { return frechet(a, b); };
        return walt::measure_reconstructions(of, real, walt::named_measure{"item features", items},
                                             walt::named_measure{"ST-LPIPS (AlexNet)", st_lpips},
                                             walt::named_measure{"Frechet (its features)", distance});
    }
    /// A line of the table, and a row of the picture.
    void tell(const std::string& name, const tokenizer& of) {
        add_row(of.decode(of.encode(real, walt::latent_scale::raw)));
        fmt::print("| {} |", name);
        for (const auto& [measure, value] : (*this)(of)) fmt::print(" {} {:.4f} |", measure, value);
        fmt::print("\n");
        std::fflush(stdout);
    }
};

/// One tokenizer, trained with some terms from the common start; false: it was stopped.
bool train(const options& how, const std::string& terms, judgement& judge, const auto& looks,
           const source_of_clips& batches) {
    device& cpu = judge.cpu;
    const std::filesystem::path run = how.run / terms;
    tokenizer model(cpu, {}, walt::compute<walt::bf16>, walt::seed{1});
    if (!how.start.empty()) walt::load_weights(how.start, model);
    walt::critic critic(cpu, critic_of_48{}, walt::compute<walt::bf16>, walt::seed{2});
    const walt::adamw adam = walt::adamw::adversarial(how.rate);
    const walt::warmup_cosine rate{.warmup = 50, .total = how.steps};
    walt::adversary opponent(critic, {}, adam, {.rate = rate});
    walt::ema average(model);

    const auto go = [&](auto& goal) {
        walt::trainer trainer(model, std::ref(goal), adam, {.rate = rate, .train = walt::only(how.train)});
        const walt::measures_log unseen{run / "unseen.csv", how.every, [&] { return judge(average.model()); }};
        return trainer.run(batches, walt::steps{how.steps}, goal, average, walt::terms_log{run / "terms.csv", goal},
                           walt::save_to{run, how.every}, unseen);
    };
    const float perceptual = terms == "perceptual" || terms == "both" ? 0.1f : 0;
    const bool done = [&] {
        if (terms == "critic" || terms == "both") {
            walt::tokenizing goal(model, {.perceptual = perceptual}, opponent, looks);
            return go(goal);
        }
        walt::tokenizing goal(model, {.perceptual = perceptual}, walt::none{}, looks);
        return go(goal);
    }();
    if (how.train == "*") average.model().measure_latents(batches, {.batches = 16}); // else the latents are as before
    walt::save_weights<walt::bf16>(run / "tokenizer.safetensors", average.model());
    if (done) judge.tell(terms, average.model());
    return done;
}

/// All of them, and what came out side by side.
bool compare(const options& how, judgement& judge, const auto& looks, const source_of_clips& batches) {
    judge.add_row(judge.real);
    if (!how.start.empty()) {
        const tokenizer start(judge.cpu, {}, walt::compute<walt::bf16>, walt::weights_file(how.start));
        judge.tell("start", start);
    }
    std::vector<walt::curve> logits;
    for (const std::string& terms : how.terms) {
        if (!train(how, terms, judge, looks, batches)) return false;
        for (const char* of : {"real", "decoded"})
            if (terms == "critic" || terms == "both") {
                logits.push_back(walt::curve_of(how.run / terms / "terms.csv", of));
                logits.back().name = fmt::format("{}: {}", terms, of);
            }
    }
    walt::write_curves(how.run / "logits.svg", "what the critics say", "step", "mean logit", logits);
    walt::write_png(how.run / "unseen.png", walt::upscale(walt::tile(judge.pictures, judge.columns()), 3));
    return true;
}

} // namespace

int main(int count, char** arguments) try {
    examples::program app("train a tokenizer with some of its losses");
    options how;
    app.add_option("--terms", how.terms, "of the loss, a training for each")
        ->check(CLI::IsMember({"pixels", "perceptual", "critic", "both"}));
    app.add_option("--features", how.features, "weights of the item features' network");
    app.add_option("--perceptual", how.perceptual, "weights of ST-LPIPS's VGG, for the loss in place of item features");
    app.add_option("--measure", how.measure, "weights of ST-LPIPS's AlexNet");
    app.add_option("--start", how.start, "weights of the tokenizer to go on from");
    app.add_option("--videos", how.videos, "a folder of your own videos")->check(CLI::ExistingDirectory);
    app.add_option("--train", how.train,
                   "names of the parameters that are trained; decoder.* leaves latents as they are");
    app.add_option("--run", how.run, "folder for states, logs and pictures");
    app.add_option("--steps", how.steps, "of every training")->check(CLI::PositiveNumber);
    app.add_option("--measure-every", how.every, "steps")->check(CLI::PositiveNumber);
    app.add_option("--rate", how.rate, "learning rate")->check(CLI::PositiveNumber);
    app.add_option("--batch", how.batch, "clips a step")->check(CLI::PositiveNumber);
    app.add_option("--unseen", how.unseen, "clips to measure on")->check(CLI::PositiveNumber);
    CLI11_PARSE(app, count, arguments);

    device cpu;
    const auto compare_on = [&](const auto& data, const auto& held_out) {
        const source_of_clips batches = walt::batches(data, {.batch = how.batch, .image_rate = 0.25});
        judgement judge{
            cpu, walt::batches(held_out, {.batch = how.unseen})(0),
            distance_of<walt::perceptual_network<walt::item_features, false>, walt::judge_weights>(cpu, how.features),
            distance_of<walt::perceptual_network<walt::st_alexnet>, walt::weights_file>(cpu, how.measure)};
        if (how.perceptual.empty()) return compare(how, judge, judge.items, batches);
        using vgg = walt::perceptual_network<walt::vgg<walt::st_vgg16>>;
        return compare(how, judge, distance_of<vgg, walt::weights_file>(cpu, how.perceptual), batches);
    };
    if (how.videos.empty())
        return compare_on(walt::moving_fashion({.size = side}),
                          walt::moving_fashion(
                              {.size = side, .split = walt::split::held_out, .pictures = walt::fashion_part::test}))
                   ? 0
                   : 1;
    const auto part = [&](double from, double until) {
        return walt::video_folder(how.videos,
                                  {.height = side, .width = side, .from = from, .until = until, .random_crop = true});
    };
    return compare_on(part(0, 0.8), part(0.8, 1)) ? 0 : 1;
} catch (const std::exception& problem) {
    return examples::failed(problem);
}
