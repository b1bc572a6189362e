// How a row is trained and measured.
#pragma once

#include "tokenizers.hpp"

#include <walt/data/videos.hpp>
#include <walt/diffusion/cost.hpp>
#include <walt/diffusion/denoising.hpp>
#include <walt/diffusion/held_out_loss.hpp>
#include <walt/diffusion/sample.hpp>
#include <walt/train/plot_every.hpp>
#include <walt/transformer/denoiser.hpp>

#include <algorithm>

namespace ablate {

/// What a row changes that is no config's.
struct setting {
    std::string trained = "base"; ///< the name under which the denoiser is kept; rows of one name share it
    std::string tokenizer = "base";
    walt::denoising objective{};
    walt::latent_scale scale = walt::latent_scale::normalised;
    std::optional<walt::any_sampler> sampler{}; ///< nothing: DDIM of options::sampling_steps
    float guidance = 1;
};

/// The trained denoiser of a row; false: interrupted, and saved.
template <class Denoiser, class Source>
bool train(workbench& bench, Denoiser& model, const setting& how, const Source& source, std::uint64_t seed) {
    const std::filesystem::path folder = bench.how.run / "denoisers" / fmt::format("{}_{}", how.trained, seed),
                                weights = folder / "weights.safetensors";
    const walt::folder_lock mine = wait_to_claim(bench.how, "denoiser " + folder.filename().string());
    if (!std::filesystem::exists(weights)) {
        walt::trainer trainer(model, how.objective, walt::adamw{.learning_rate = 1e-3f},
                              {.rate = {.warmup = 100, .total = bench.how.steps}, .seed = walt::seed{seed}});
        walt::ema average(model, {.decay = 0.995f});
        if (!trainer.run(source, walt::steps{bench.how.steps}, average, walt::save_to{folder, 250})) return false;
        walt::save_weights<float>(weights, average.model());
        std::filesystem::remove(folder / "state.safetensors"); // it is done, and there are many
    }
    walt::load_weights(weights, model);
    return true;
}

/// Of a run's log, so that what else the machine did matters little: the fastest tenth of its steps.
inline double steps_a_second(const std::filesystem::path& log) {
    const auto seconds = walt::curve_of(log, "seconds").points;
    std::vector<double> took;
    for (std::size_t i = 1; i < seconds.size(); ++i) { // a point of the curve is several steps of a long run
        const double steps = seconds[i].first - seconds[i - 1].first;
        if (const double one = (seconds[i].second - seconds[i - 1].second) / steps; one > 0) took.push_back(one);
    }
    if (took.empty()) return 0;
    const auto tenth = took.begin() + static_cast<std::ptrdiff_t>(took.size() / 10);
    std::nth_element(took.begin(), tenth, took.end());
    return 1 / *tenth;
}

/// Samples with the captions of the real clips, in batches.
template <class Denoiser, class Tokens>
walt::clips sample(workbench& bench, const Denoiser& model, const material<Tokens>& of, const setting& how) {
    walt::sampling sampling;
    sampling.sampler = how.sampler.value_or(walt::ddim{.steps = bench.how.sampling_steps});
    sampling.guide.scale = how.guidance;
    sampling.schedule = how.objective.schedule;
    sampling.predicts = how.objective.predicts;
    walt::clips all;
    constexpr std::int64_t at_once = 16;
    for (std::int64_t first = 0; first < bench.real.shape.count; first += at_once) {
        sampling.seed = walt::seed{1000 + static_cast<std::uint64_t>(first)};
        walt::prompts texts{};
        for (std::int64_t i = first; i < std::min(first + at_once, bench.real.shape.count); ++i)
            texts.texts.push_back(bench.real.captions[static_cast<std::size_t>(i)].front());
        walt::latents made = walt::sample_latents(model, bench.text, texts, sampling);
        made.scale = how.scale;
        walt::clips decoded = of.tokenizer.decode(made);
        if (first == 0) all = std::move(decoded);
        else {
            walt::detail::append(all.pixels, decoded.pixels);
            all.shape.count += decoded.shape.count;
        }
    }
    return {.shape = all.shape, .pixels = std::move(all.pixels)};
}

template <class Config, class Tokens>
std::optional<walt::named_numbers> train_and_measure(workbench& bench, const setting& how, std::uint64_t seed) {
    using walt::compute;
    const auto of = bench.material_of<Tokens>(how.tokenizer, how.scale);
    if (!of) return {};
    walt::denoiser model(bench.cpu, Config{}, compute<element>, walt::seed{seed});
    if (!train(bench, model, how, of->training, seed)) return {};

    const std::int64_t batches = std::max<std::int64_t>(1, std::min<std::int64_t>(256, bench.unseen.size()) / 16);
    const walt::held_out_losses loss = walt::held_out_loss(model, of->held_out, batches, how.objective);
    const walt::cost cost = walt::training_cost(Config{}, compute<element>, bench.how.batch);
    const auto folder = bench.how.run / "denoisers" / fmt::format("{}_{}", how.trained, seed);
    walt::named_numbers numbers{{"loss", loss.plain},
                                {"loss, self-conditioned", loss.self_conditioned},
                                {"parameters", static_cast<double>(cost.parameters)},
                                {"GFLOP a step", cost.flops * 1e-9},
                                {"steps/s", steps_a_second(folder / "log.csv")}};
    for (const auto& [name, value] : bench.measure(sample(bench, model, *of, how))) numbers.emplace_back(name, value);
    for (const auto& [name, value] : of->reconstructions) numbers.emplace_back("reconstruction, " + name, value);
    return numbers;
}

/// A row whose denoiser is of Config and sees latents of Tokens.
template <class Config, class Tokens = base_tokens> row trained(std::string name, double paper, setting how) {
    constexpr int last = walt::noise_schedule::levels - 1;
    const bool same = how.tokenizer == "base" && how.scale == walt::latent_scale::normalised &&
                      how.objective.schedule.at(last).signal == walt::noise_schedule{}.at(last).signal;
    return {std::move(name), paper,
            [how = std::move(how)](workbench& bench, std::uint64_t seed) {
                return train_and_measure<Config, Tokens>(bench, how, seed);
            },
            same};
}

} // namespace ablate

// The base's own is compiled once, in rows/base.cpp.
extern template std::optional<walt::named_numbers>
ablate::train_and_measure<ablate::base, ablate::base_tokens>(workbench&, const setting&, std::uint64_t);
