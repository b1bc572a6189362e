// A row's tokenizer: trained once, by its name.
#pragma once

#include "workbench.hpp"

#include <walt/data/batches.hpp>
#include <walt/tokenizer/reconstruction.hpp>
#include <walt/train/checkpoint.hpp>
#include <walt/train/ema.hpp>
#include <walt/train/save_to.hpp>
#include <walt/train/trainer.hpp>

#include <fmt/core.h>

namespace ablate {

/// False: interrupted, and saved.
template <class Tokenizer>
bool train_tokenizer(workbench& bench, const std::string& name, const std::filesystem::path& weights) {
    Tokenizer tokens(bench.cpu, {}, walt::compute<element>, walt::seed{1});
    walt::trainer trainer(tokens, walt::reconstruction{}, walt::adamw{.learning_rate = 2e-3f},
                          {.rate = {.warmup = 100, .total = bench.how.tokenizer_steps}});
    walt::ema average(tokens);
    fmt::print("tokenizer '{}': {} parameters, {} steps\n", name,
               walt::parameter_count<typename Tokenizer::module_type>, bench.how.tokenizer_steps);
    const walt::batches clips(bench.training, {.batch = bench.how.batch});
    if (!trainer.run(clips, walt::steps{bench.how.tokenizer_steps}, average,
                     walt::save_to{bench.how.run / "tokenizers" / name, 250}))
        return false;
    average.model().measure_latents(clips, {.batches = 16});
    walt::save_weights<element>(weights, average.model());
    return true;
}

template <class Tokens>
std::shared_ptr<material<Tokens>> workbench::material_of(const std::string& name, walt::latent_scale scale) {
    using tokenizer = walt::tokenizer<device, Tokens, element>;
    std::shared_ptr<void>& kept = made_[name + (scale == walt::latent_scale::raw ? ", raw" : "")];
    if (!kept) {
        const std::filesystem::path weights = how.run / "tokenizers" / (name + ".safetensors");
        {
            const walt::folder_lock mine = wait_to_claim(how, "tokenizer " + name);
            if (!std::filesystem::exists(weights) && !train_tokenizer<tokenizer>(*this, name, weights)) return nullptr;
        }
        tokenizer tokens(cpu, {}, walt::compute<element>);
        walt::load_weights(weights, tokens);
        const auto frechet = [&](const walt::clips& decoded, const walt::clips&) { return frechet_from_real(decoded); };
        walt::named_numbers reconstructions =
            walt::measure_reconstructions(tokens, real, walt::named_measure{"Frechet", frechet});
        const auto latents_of = [&](const any_clips& clips, std::int64_t count, int batch) {
            return walt::latent_cache(tokens, text, clips,
                                      {.clips = count, .batch = batch, .image_rate = 0, .scale = scale});
        };
        walt::latent_cache seen = latents_of(training, std::min(how.clips, training.size()), how.batch),
                           other = latents_of(unseen, std::min(std::int64_t{256}, unseen.size()), 16);
        kept = std::make_shared<material<Tokens>>(
            material<Tokens>{std::move(tokens), std::move(reconstructions), std::move(seen), std::move(other)});
    }
    return std::static_pointer_cast<material<Tokens>>(kept);
}

} // namespace ablate
