// Distances of noised clips from real ones, in the features of a network that ships: they rise with the noise, and of
// clean clips they are what their number makes of them.
// test: --weights {weights}/features.safetensors --clips 12 --resamplings 10
#include "program.hpp"

#include <walt/cpu.hpp>
#include <walt/data/moving_fashion.hpp>
#include <walt/io/file_hash.hpp>
#include <walt/io/plot.hpp>
#include <walt/io/weights.hpp>
#include <walt/measures/evaluation.hpp>
#include <walt/measures/pooled_features.hpp>
#include <walt/perceptual/item_features.hpp>

#include <fmt/core.h>

namespace {

/// The clips with normal noise on every pixel.
walt::clip_source noised(const walt::clip_source& of, float noise) {
    return {of.name, of.seed, of.count, [=](std::int64_t i) {
                walt::clips one = of.clip(i);
                for (std::size_t k = 0; k < one.pixels.size(); ++k)
                    one.pixels[k] += noise * walt::philox{3, static_cast<std::uint64_t>(i)}.normal(k);
                return one;
            }};
}

} // namespace

int main(int count, char** arguments) try {
    examples::program app("distances of noised clips");
    std::int64_t number = 200;
    std::filesystem::path weights = "examples/weights/features.safetensors";
    walt::evaluating how;
    app.add_option("--clips", number, "real clips, and as many noised ones")->check(CLI::Range(10, 1'000'000));
    app.add_option("--weights", weights, "of the item features' network")->check(CLI::ExistingFile);
    app.add_option("--resamplings", how.again.times, "for intervals")->check(CLI::PositiveNumber);
    CLI11_PARSE(app, count, arguments);
    examples::make_writable_for("frechet_of_noise.svg");

    // [space]
    walt::cpu::context device;
    const walt::perceptual_distance distance(device, walt::perceptual_network<walt::item_features, false>{},
                                             walt::compute<float>, walt::weights_file(weights));
    const walt::pooled_features items("item features", distance, walt::file_hash(weights));
    // [/space]
    // [distance]
    const walt::moving_fashion data({.size = 48, .split = walt::split::all, .pictures = walt::fashion_part::test});
    const walt::clip_source real = walt::clips_of(data, walt::seed{1}, number, "moving fashion, test pictures"),
                            others = walt::clips_of(data, walt::seed{2}, number, real.name);
    const walt::known_statistics from = walt::statistics_of(items, real, "real.safetensors"); // measured once
    const walt::measured clean = walt::distances(items, from, others, how).front();
    fmt::print("{}\n", clean.sentence());
    // [/distance]
    for (std::int64_t part = 2; part <= 8; part *= 2)
        fmt::print("{}\n", walt::distances(items, from, others.part(0, part), how).front().sentence());

    walt::curve found{"distance", {}}, low{"interval, low", {}}, high{"interval, high", {}};
    double before = clean.number.value;
    bool rises = true;
    for (const float noise : {0.02f, 0.03f, 0.05f, 0.07f, 0.1f, 0.15f, 0.2f, 0.3f, 0.5f}) {
        const walt::measured one = walt::distances(items, from, noised(others, noise), how).front();
        fmt::print("noise {:.2f}: {}\n", noise, one.sentence());
        const double at = static_cast<double>(noise);
        found.points.emplace_back(at, one.number.value);
        low.points.emplace_back(at, one.number.low);
        high.points.emplace_back(at, one.number.high);
        rises = rises && (noise < 0.1f || one.number.value > before); // less is within chance of few clips
        before = one.number.value;
    }
    const walt::curve none{
        "without noise",
        {{found.points.front().first, clean.number.value}, {found.points.back().first, clean.number.value}}};
    walt::write_curves("frechet_of_noise.svg", fmt::format("{} of noised clips, {} of {}", clean.name, number, number),
                       "deviation of the noise, of pixels from -1 to 1", "distance",
                       std::vector{found, low, high, none}, true, true, clean.json());
    return rises ? 0 : 1;
} catch (const std::exception& problem) {
    return examples::failed(problem);
}
