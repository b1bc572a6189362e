// The demo's own clips, measured by all that moving fashion can be measured by.
#include "../demo/demo.hpp"
#include "../judge/judge.hpp"
#include "evaluate.hpp"

#include <walt/data/moving_fashion.hpp>
#include <walt/data/videos.hpp>
#include <walt/diffusion/sample.hpp>
#include <walt/io/file_hash.hpp>
#include <walt/io/output_names.hpp>
#include <walt/io/weights.hpp>
#include <walt/measures/pooled_features.hpp>
#include <walt/perceptual/item_features.hpp>

#include <algorithm>
#include <array>
#include <optional>

namespace evaluate {

namespace {

/// Clips of pictures that no training saw, every other one of a combination that none saw.
walt::clip_source real_clips(const walt::protocol& as, walt::seed from, std::int64_t count) {
    const auto of = [&](walt::split part) {
        return walt::moving_fashion(
            {.size = as.side.value, .frames = as.frames.value, .split = part, .pictures = walt::fashion_part::test});
    };
    return {"moving fashion, test pictures, half of held-out combinations", from.value, count,
            [seen = of(walt::split::train), held_out = of(walt::split::held_out), from](std::int64_t i) {
                return walt::read_clips(i % 2 ? held_out : seen, from, i / 2, 1);
            }};
}

/// Samples of the demo's captions; each has noise of its own, whichever go together.
std::vector<walt::video> sampled(const ::demo::sampling_options& how, const ::demo::tokenizer& tokens) {
    ::demo::denoiser model(tokens.context(), {}, walt::compute<walt::bf16>);
    walt::load_weights(how.weights / "denoiser.safetensors", model);
    const walt::word_vectors text = ::demo::text_encoder(how.weights / "denoiser.safetensors", how.weights);
    const walt::prompts all(how.texts);
    constexpr std::size_t at_once = 8;
    std::vector<walt::video> made;
    for (std::size_t first = 0; first < how.texts.size(); first += at_once) {
        const walt::prompts some = all.part(first, std::min(at_once, how.texts.size() - first));
        for (walt::video& one : ::demo::sample_videos(model, tokens, text, some, how)) made.push_back(std::move(one));
    }
    return made;
}

/// How often the judge finds what the captions say.
void verdicts(const options& how, const judge::item_judge& judged, const std::vector<walt::video>& videos,
              const std::vector<std::string>& captions, walt::provenance from, walt::evaluation& into) {
    from.network = "judge of moving fashion", from.resize = "as they are";
    from.weights = walt::file_hash(how.judge / "judge.safetensors");
    std::array<std::vector<double>, 4> right; // class, colour, direction, all three
    std::vector<double> held_out;             // all three, of combinations never trained on
    for (std::size_t i = 0; i < videos.size(); ++i) {
        const auto told = walt::moving_fashion::parse(captions[i]).value();
        const judge::verdict found = judged(walt::to_floats(videos[i]).data(), videos[i].frames);
        const std::array<bool, 3> same{found.item == told.item, found.colour == told.colour,
                                       found.direction == told.direction};
        for (std::size_t k = 0; k < 3; ++k) right[k].push_back(same[k] ? 100 : 0);
        right[3].push_back(same[0] && same[1] && same[2] ? 100 : 0);
        if (walt::moving_fashion::held_out(told)) held_out.push_back(right[3].back());
    }
    const walt::bootstrapping again{5 * how.how.again.times, how.how.again.level, how.how.again.seed};
    const auto tell = [&](const char* name, const std::vector<double>& values) {
        walt::provenance of = from;
        of.clips = static_cast<std::int64_t>(values.size());
        into.add({walt::mean_over(std::string(name) + " as told (judge)", "%", values, of, again)});
    };
    tell("class", right[0]), tell("colour", right[1]), tell("direction", right[2]), tell("all three", right[3]);
    if (!held_out.empty()) tell("all three, held-out combinations,", held_out);
}

} // namespace

void check_demo(const options& how) {
    walt::require(how.as.side.value == ::demo::side && how.as.frames.value == ::demo::frames,
                  "the demo's clips have {} frames of {} x {}; the protocol '{}' measures {} of {} x {}",
                  ::demo::frames, ::demo::side, ::demo::side, how.as.name, how.as.frames.value, how.as.side.value,
                  how.as.side.value);
    if (!how.judge.empty()) walt::make_writable(how.judge);
}

void demo(const options& how, walt::evaluation& into) {
    check_demo(how);
    const std::int64_t count = how.clips, real_count = how.real_clips;
    ::demo::sampling_options sampling;
    sampling.weights = how.weights;
    sampling.texts = ::demo::evaluation_texts(static_cast<int>(count));
    sampling.sampler = how.sampler, sampling.steps = how.steps, sampling.guidance = how.guidance;
    sampling.seed = how.seed.value;
    const auto hash_of = [&](const char* name) { return walt::file_hash(how.weights / name); };
    into.settings = walt::json_fields()("made by", "the demo")("denoiser", hash_of("denoiser.safetensors"))(
                        "tokenizer", hash_of("tokenizer.safetensors"))("sampler", how.sampler)(
                        "steps", ::demo::sampling_of(sampling).sampler.levels().size())(
                        "guidance", static_cast<double>(how.guidance))("seed", how.seed.value)
                        .text();

    ::demo::device device;
    ::demo::tokenizer tokens(device, {}, walt::compute<walt::bf16>);
    walt::load_weights(how.weights / "tokenizer.safetensors", tokens);
    std::optional<judge::item_judge> judged; // before hours of sampling
    if (!how.judge.empty()) judged.emplace(device, how.judge, how.judge_steps);
    const std::vector<walt::video> videos = sampled(sampling, tokens);
    const walt::clip_source generated{
        "the demo, denoiser " + hash_of("denoiser.safetensors"), how.seed.value, count,
        [&](std::int64_t i) { return walt::to_clips(std::span(videos).subspan(static_cast<std::size_t>(i), 1)); }};
    into.add(by_networks(how, real_clips(how.as, walt::seed{6}, real_count), generated));

    // As many other real clips say how near any can be.
    const walt::perceptual_distance distance(device, walt::perceptual_network<walt::item_features, false>{},
                                             walt::compute<float>, walt::weights_file(how.features));
    const walt::pooled_features items("item features", distance, walt::file_hash(how.features));
    const auto real = walt::statistics_of(items, real_clips(how.as, walt::seed{6}, real_count));
    for (walt::measured& one : walt::distances(items, real, real_clips(how.as, walt::seed{7}, count), how.how)) {
        one.name += " of other real clips";
        into.add({one});
    }
    into.add(walt::reconstruction_measures(tokens, items, real_clips(how.as, walt::seed{5}, count), how.how));
    if (judged)
        verdicts(how, *judged, videos, sampling.texts,
                 {.frames = ::demo::frames, .clips = count, .seed = how.seed.value, .source = generated.name}, into);
}

} // namespace evaluate
