// Measures of any number of clips with their intervals, counts and provenance, and a report of them: sentences, JSON, a
// picture. Needs jansson and LAPACK (CMake: walt::io, walt::measures).
#pragma once

#include "../core/range.hpp"
#include "../core/version.hpp"
#include "../data/latents.hpp"
#include "../io/bars.hpp"
#include "../io/folders.hpp"
#include "bootstrap.hpp"
#include "clip_features.hpp"
#include "clip_source.hpp"
#include "inception_score.hpp"
#include "pixels.hpp"
#include "protocols.hpp"
#include "saved_statistics.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace walt {

/// A measure of some clips, with all that is to be said of it.
struct measured {
    std::string name;   ///< with the network's: "Frechet (item features)", "PSNR of reconstructions"
    std::string unit{}; ///< "dB", "%"; empty: none
    estimate number{};
    double level = 0;     ///< of the interval; 0: there is none
    double deviation = 0; ///< of parts' results, of which `number` is the mean
    std::int64_t parts = 1;
    provenance from{};  ///< of the clips
    std::string real{}; ///< what they were compared with; empty: nothing
    std::int64_t real_clips = 0;

    /// "Frechet (item features), 200 clips: 0.0745 (0.003 of it by the number of clips; without, 95 %: 0.068 to
    /// 0.076)".
    std::string sentence() const {
        std::string text =
            fmt::format("{}, {} clip{}: {}", name, from.clips, from.clips == 1 ? "" : "s", number_text());
        if (level > 0 && number.bias != 0)
            text += fmt::format(" ({:.2g} of it by the number of clips; without, {:.4g} %: {:.4g} to {:.4g})",
                                number.bias, 100 * level, number.low, number.high);
        else if (level > 0) text += fmt::format(" ({:.4g} %: {:.4g} to {:.4g})", 100 * level, number.low, number.high);
        return text;
    }
    /// The value with its unit, and its deviation over parts.
    std::string number_text() const {
        std::string text = fmt::format("{:.4g}", number.value);
        if (parts > 1) text += fmt::format(" +- {:.2g}", deviation);
        return unit.empty() ? text : text + " " + unit;
    }
    std::string json() const {
        json_fields text;
        text("name", name)("value", number.value)("unit", unit);
        if (level > 0) text("low", number.low)("high", number.high)("level", level)("bias", number.bias);
        if (parts > 1) text("deviation", deviation)("parts", parts);
        text("clips", from.clips)("frames", from.frames)("seed", from.seed)("source", from.source);
        if (!from.network.empty()) text("network", from.network)("weights", from.weights)("resize", from.resize);
        if (!real.empty()) text("real", real)("real clips", real_clips);
        return text.text();
    }
};

/// What features of these clips will be, before they are.
template <clip_features F> provenance provenance_of(const F& network, const clip_source& of) {
    require(of.count >= 1, "{} has no clip to measure", of.name);
    return {network.name(), network.identity(), network.input(), of.clip(0).shape.frames, of.count, of.seed, of.name};
}

/// Of real clips, one after another, in constant memory: what distances are from. With a path they are kept in that
/// file (saved_statistics.hpp), and measured once; a file of another provenance is refused.
template <clip_features F>
known_statistics statistics_of(const F& network, const clip_source& of, const std::filesystem::path& kept = {}) {
    const provenance from = provenance_of(network, of);
    const auto measure = [&] {
        feature_statistics made;
        for (std::int64_t i = 0; i < of.count; ++i) made.add(network(of.clip(i)).features, network.features());
        return made;
    };
    if (kept.empty()) return {from, measure()};
    return reused_statistics(kept, from, measure);
}

/// How distances are taken. Wrong options are refused before the first clip is asked for.
struct evaluating {
    bootstrapping again{.times =
                            200}; ///< for intervals of Frechet distances; means are drawn again five times as often
    int groups = 32;              ///< clips are drawn again by so many groups: a matrix of features^2 each
    std::int64_t split = 5000;    ///< rows of an inception score's split

    void check() const {
        check_options(again);
        check_option("evaluating::groups", groups, range{2});
        check_option("evaluating::split", split, ranges::count);
    }
};

/// The Frechet distance from real clips, under the name that the network gives it, and the inception score where it has
/// classes; of clips one after another, in constant memory. Refuses clips of other frames, and statistics of another
/// network.
template <clip_features F>
std::vector<measured> distances(const F& network, const known_statistics& real, const clip_source& made,
                                const evaluating& how = {}) {
    check_options(how);
    const frechet_from distance(real.features); // refuses what has none, before a clip is asked for
    const provenance from = provenance_of(network, made);
    require_comparable("the statistics of real clips", real.from, from);
    grouped_statistics all(how.groups);
    inception_score score(how.split);
    for (std::int64_t i = 0; i < made.count; ++i) {
        const feature_rows rows = network(made.clip(i));
        all.add(rows.features, network.features());
        if (network.classes() > 0) score.add(rows.logits, network.classes());
    }
    std::vector<measured> found{{.name = fmt::format("{} ({})", network.frechet_name(), network.name()),
                                 .number = frechet_estimate(distance, all, how.again),
                                 .level = how.again.times > 0 ? how.again.level : 0,
                                 .from = from,
                                 .real = real.from.source,
                                 .real_clips = real.from.clips}};
    if (network.classes() > 0)
        found.push_back({.name = fmt::format("inception score ({})", network.name()),
                         .number = {.value = score.mean(), .low = score.mean(), .high = score.mean()},
                         .deviation = score.deviation(),
                         .parts = static_cast<std::int64_t>(score.of_splits().size()),
                         .from = from});
    return found;
}

/// The same of each of several sets of equal size that follow each other, and of them mean and deviation (n - 1).
template <clip_features F>
std::vector<measured> distances_of_sets(const F& network, const known_statistics& real, const clip_source& made,
                                        std::int64_t sets, const evaluating& how = {}) {
    require(sets >= 1, "clips are measured in 1 set or more, not in {}", sets);
    if (sets == 1) return distances(network, real, made, how);
    std::vector<std::vector<measured>> each;
    for (std::int64_t i = 0; i < sets; ++i) each.push_back(distances(network, real, made.part(i, sets), how));
    std::vector<measured> found = each.front();
    for (std::size_t k = 0; k < found.size(); ++k) {
        double sum = 0, squares = 0, bias = 0;
        for (const auto& one : each) sum += one[k].number.value, bias += one[k].number.bias;
        const double mean = sum / static_cast<double>(sets);
        for (const auto& one : each) squares += (one[k].number.value - mean) * (one[k].number.value - mean);
        found[k].number = {mean, mean, mean, bias / static_cast<double>(sets)};
        found[k].level = 0;
        found[k].deviation = std::sqrt(squares / static_cast<double>(sets - 1));
        found[k].parts = sets;
        found[k].from.clips = sets * each.front()[k].from.clips;
    }
    return found;
}

/// The mean of one number for each clip, with its interval: a judge's verdicts, say.
inline measured mean_over(std::string name, std::string unit, std::span<const double> values, const provenance& from,
                          const bootstrapping& how = {}) {
    return {.name = std::move(name),
            .unit = std::move(unit),
            .number = mean_of(values, how),
            .level = how.times > 0 ? how.level : 0,
            .from = from};
}

/// How near a tokenizer's reconstructions are to the clips: PSNR and SSIM, and their Frechet distance from these clips
/// in the network's features ("rFVD" in I3D's). Each clip is encoded and decoded once, in constant memory, and what was
/// decoded is clamped to [-1, 1] as generated clips are.
template <class Tokenizer, clip_features F>
std::vector<measured> reconstruction_measures(const Tokenizer& tokenizer, const F& network, const clip_source& of,
                                              const evaluating& how = {}) {
    check_options(how);
    const provenance from = provenance_of(network, of);
    grouped_statistics real(how.groups), decoded(how.groups);
    std::vector<double> decibels, similar;
    for (std::int64_t i = 0; i < of.count; ++i) {
        const clips clip = of.clip(i);
        clips again = clamped(tokenizer.decode(tokenizer.encode(clip, latent_scale::raw))); // back at once: any scale
        again.present = clip.present;
        decibels.push_back(psnr(again, clip));
        similar.push_back(ssim(again, clip));
        real.add(network(clip).features, network.features());
        decoded.add(network(again).features, network.features());
    }
    const bootstrapping means{5 * how.again.times, how.again.level, how.again.seed};
    provenance pixels = from; // no network looked at them
    pixels.network = pixels.weights = pixels.resize = "";
    return {mean_over("PSNR of reconstructions", "dB", decibels, pixels, means),
            mean_over("SSIM of reconstructions", "", similar, pixels, means),
            {.name = fmt::format("{} of reconstructions ({})", network.frechet_name(), network.name()),
             .number = frechet_estimate(real, decoded, how.again),
             .level = how.again.times > 0 ? how.again.level : 0,
             .from = from,
             .real = of.name,
             .real_clips = of.count}};
}

/// All that was measured, under one protocol.
struct evaluation {
    protocol as;
    std::string settings = "null"; ///< what made the clips: a JSON text
    std::vector<measured> found{};

    void add(std::vector<measured> more) {
        for (measured& one : more) found.push_back(std::move(one));
    }
    std::string json() const {
        std::string list = "[";
        for (const measured& one : found) list += (list.size() > 1 ? ",\n" : "\n") + one.json();
        return json_fields()("walt", version)
            .member("protocol", as.json())
            .member("settings", settings)
            .member("found", list + "\n]")
            .text();
    }
    /// folder/evaluation.json and folder/evaluation.svg, a bar with its interval for each measure.
    void write(const std::filesystem::path& folder) const {
        make_folder(folder);
        std::vector<bar> bars;
        std::int64_t most = 0;
        for (const measured& one : found) {
            most = std::max(most, one.from.clips);
            const double half = one.parts > 1 ? one.deviation : 0, value = one.number.value;
            bars.push_back({.name = fmt::format("{}, {} clips", one.name, one.from.clips),
                            .value = value,
                            .low = one.level > 0 ? one.number.low : value - half,
                            .high = one.level > 0 ? one.number.high : value + half,
                            .words = one.sentence().substr(one.sentence().find(": ") + 2),
                            .full = one.unit == "%" ? 100.0 : 0});
        }
        write_atomically(folder / "evaluation.json", json() + "\n");
        write_bars(folder / "evaluation.svg", as.counted(most), bars, json());
    }
};

} // namespace walt
