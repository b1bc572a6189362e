// Measures generated clips and writes what it found: evaluation.json, evaluation.svg.
// refuses: --out /proc --clips 4 => /proc
// refuses: --judge judge --judge-steps 0 => Value 0 not in range
// refuses: --side 32 => the demo's clips have 17 frames of 48 x 48
// refuses: --seed 01x => '01x' is not a whole number
// test: --weights {weights} --clips 4 --steps 2 --real-clips 8 --resamplings 4 --judge judge --judge-steps 3
#include "../program.hpp"
#include "evaluate.hpp"

#include <fmt/core.h>

#include <exception>
#include <map>

int main(int count, char** arguments) try {
    examples::program app("How good generated clips are. Without --generated the demo makes them.");
    evaluate::options how;
    std::string protocol = "moving-fashion";
    std::uint64_t seed = 1;
    std::filesystem::path weights = "examples/weights";
    const std::map<std::string, walt::protocol> protocols{{"ucf101", walt::protocols::ucf_101()},
                                                          {"k600", walt::protocols::kinetics_600()},
                                                          {"imagenet", walt::protocols::imagenet_256()},
                                                          {"text-ucf101", walt::protocols::text_to_video_ucf_101()},
                                                          {"moving-fashion", walt::protocols::moving_fashion()}};
    std::vector<std::string> names;
    for (const auto& one : protocols) names.push_back(one.first);
    int frames = 0, side = 0;
    std::int64_t sets = 0;
    app.add_option("--out", how.out, "folder for evaluation.json and evaluation.svg");
    app.add_option("--protocol", protocol, "what is measured, at which size")->check(CLI::IsMember(names));
    app.add_option("--real", how.real,
                   "real clips: a folder of videos or images, or a file of pixels U8 [B, F, H, W, 3]");
    app.add_option("--generated", how.generated, "generated ones, the same");
    app.add_option("--clips", how.clips, "generated clips; without it as many as the protocol wants")
        ->default_str("")
        ->check(CLI::PositiveNumber);
    app.add_option("--real-clips", how.real_clips, "real clips; without it as many")
        ->default_str("")
        ->check(CLI::PositiveNumber);
    app.add_option("--sets", sets, "in place of the protocol's: results are the mean of so many")
        ->default_str("")
        ->check(CLI::PositiveNumber);
    app.add_option("--frames", frames, "in place of the protocol's")->default_str("")->check(CLI::PositiveNumber);
    app.add_option("--side", side, "in place of the protocol's")->default_str("")->check(CLI::PositiveNumber);
    app.add_option("--i3d", how.i3d, "weights of I3D, for FVD")->check(CLI::ExistingPath);
    app.add_option("--inception", how.inception, "weights of Inception v3, for FID and IS")->check(CLI::ExistingPath);
    app.add_option("--c3d", how.c3d, "weights of C3D, for IS")->check(CLI::ExistingPath);
    app.add_option("--efficientnet", how.efficientnet, "weights of EfficientNet-Lite0 (scripts/get_efficientnet)")
        ->check(CLI::ExistingPath);
    app.add_option("--weights", weights, "folder of the demo's weights, and of the item features'");
    app.add_option("--judge", how.judge, "folder of the demo's judge, which is trained where it has none");
    app.add_option("--judge-steps", how.judge_steps, "of that training")->check(CLI::PositiveNumber);
    app.add_option("--sampler", how.sampler, "of the demo")->check(CLI::IsMember({"dpm", "ddim"}));
    app.add_option("--steps", how.steps, "of its sampler; without it 12 of dpm, 50 of ddim")
        ->default_str("")
        ->check(CLI::Range(1, 1000));
    app.add_option("--guidance", how.guidance, "of its sampler");
    app.add_option("--seed", seed, "of sampling, and of drawing real clips");
    app.add_option("--resamplings", how.how.again.times, "for intervals; 0: none")->check(CLI::NonNegativeNumber);
    app.add_option("--groups", how.how.groups, "by which clips are drawn again");
    CLI11_PARSE(app, count, arguments);

    how.as = protocols.at(protocol);
    if (sets > 0) how.as.sets = {sets};
    if (frames > 0) how.as.frames = {frames};
    if (side > 0) how.as.side = {side};
    if (how.clips == 0) how.clips = how.as.samples.value * how.as.sets.value;
    if (how.real_clips == 0) how.real_clips = how.clips;
    how.how.split = how.as.split.value;
    walt::check_options(how.how); // before hours of sampling
    how.seed = walt::seed{seed};
    walt::require(how.real.empty() == how.generated.empty(),
                  "clips are compared: --real and --generated come together");
    if (how.generated.empty()) evaluate::check_demo(how);
    walt::make_writable(how.out);

    walt::evaluation all{.as = how.as};
    const bool has_networks =
        !how.i3d.empty() || !how.inception.empty() || !how.c3d.empty() || !how.efficientnet.empty();
    if (how.generated.empty() || !has_networks) how.features = weights / "features.safetensors";
    if (how.generated.empty()) {
        how.weights = weights;
        evaluate::demo(how, all);
    } else {
        all.settings = walt::json_fields()("generated", how.generated.string())("real", how.real.string()).text();
        all.add(evaluate::by_networks(how, evaluate::source_of(how.real, how.as, how.seed, how.real_clips, true),
                                      evaluate::source_of(how.generated, how.as, how.seed, how.clips, false)));
    }
    all.write(how.out);
    fmt::print("\n{}\n", how.as.counted(how.clips));
    for (const walt::measured& one : all.found) fmt::print("{}\n", one.sentence());
    fmt::print("{}, evaluation.svg\n", (how.out / "evaluation.json").string());
} catch (const std::exception& problem) {
    return examples::failed(problem);
}
