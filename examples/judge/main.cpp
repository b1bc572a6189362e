// Trains the demo's judge, tells how often it is right on real clips, and judges generated ones: what they show against
// their captions, and how far their features are from real clips'.
// refuses: --real 1 => of 2 or more, not of 1
// refuses: --features /dev/null/f.safetensors => /dev/null
// refuses: --test 010x => '010x' is not a whole number
// test: --train-steps 20 --test 20 --real 2
#include "../program.hpp"
#include "judge.hpp"

#include <walt/data/read_clips.hpp>
#include <walt/io/weights.hpp>
#include <walt/measures/frechet.hpp>
#include <walt/perceptual/item_features.hpp>
#include <walt/perceptual/st_lpips.hpp>

#include <fmt/core.h>

#include <chrono>
#include <functional>
#include <sstream>

namespace {

using walt::moving_fashion, walt::moving_fashion_label;

/// How often a verdict agreed with a caption.
struct score {
    std::int64_t count = 0, item = 0, colour = 0, direction = 0, all = 0;

    void add(const judge::verdict& found, const moving_fashion_label& told) {
        const bool same_item = found.item == told.item, same_colour = found.colour == told.colour,
                   same_direction = found.direction == told.direction;
        ++count;
        item += same_item;
        colour += same_colour;
        direction += same_direction;
        all += same_item && same_colour && same_direction;
    }
    void print(const char* name) const {
        fmt::print("{:12} {:6}", name, count);
        for (const std::int64_t right : {item, colour, direction, all})
            fmt::print("  {:6} ({:5.1f} %)", right,
                       count ? 100.0 * static_cast<double>(right) / static_cast<double>(count) : 0.0);
        fmt::print("\n");
    }
    static void print_head() {
        fmt::print("{:12} {:>6}  {:>16}  {:>16}  {:>16}  {:>16}\n", "", "clips", "class", "colour", "direction",
                   "all three");
    }
};

using confusion = std::array<std::array<int, 10>, 10>; // [told][found]

void print(const confusion& seen) {
    fmt::print("\nclass told (rows) and found (columns)\n{:10}", "");
    for (const std::string_view item : moving_fashion::items) fmt::print(" {:>6.6}", item);
    fmt::print("\n");
    for (std::size_t told = 0; told < seen.size(); ++told) {
        fmt::print("{:10}", moving_fashion::items[told]);
        for (const int count : seen[told]) fmt::print(" {:6}", count);
        fmt::print("\n");
    }
}

std::size_t place(int item) { return static_cast<std::size_t>(item); }

template <std::size_t N> const char* name(const std::array<std::string_view, N>& of, int index) {
    return index < 0 ? "(unclear)" : of[place(index)].data();
}

/// Real clips of pictures that no training saw.
void test(const judge::item_judge& judge, std::int64_t count) {
    const moving_fashion clips({.size = judge::side, .split = walt::split::all, .pictures = walt::fashion_part::test});
    score whole;
    confusion items{};
    std::int64_t right_frames = 0;
    for (std::int64_t i = 0; i < count; ++i) {
        const walt::clip shown = walt::clip_at(clips, walt::seed{1}, i);
        const moving_fashion_label told = clips.label(walt::seed{1}, i);
        const judge::verdict found = judge(shown.pixels.data(), clips.frames());
        whole.add(found, told);
        ++items[place(told.item)][place(found.item)];
        const std::vector<float> logs = judge.log_probabilities(shown.pixels.data(), clips.frames());
        for (int f = 0; f < clips.frames(); ++f)
            right_frames += judge::most_probable(logs.data() + judge::item_network::items * f, 1) == told.item;
    }
    const std::int64_t frames = count * clips.frames();
    fmt::print("single frames of test pictures: class right in {} of {} ({:.1f} %)\n", right_frames, frames,
               100.0 * static_cast<double>(right_frames) / static_cast<double>(frames));
    score::print_head();
    whole.print("real clips");
    print(items);
}

/// Clips in a file: `pixels` [B, F, 48, 48, 3] (U8) and the metadata `captions`, one a line.
struct clip_file {
    std::vector<std::string> captions;
    std::vector<moving_fashion_label> told; ///< what the captions say
    walt::clips clips;

    explicit clip_file(const std::filesystem::path& path) {
        const walt::safetensors_file file(path);
        const std::vector<std::int64_t>& shape = file.tensor("pixels").shape;
        const bool fits = shape.size() == 5 && shape[1] > 0 && shape[1] <= 1024 && shape[2] == judge::side &&
                          shape[3] == judge::side && shape[4] == 3;
        walt::require(fits,
                      "{}: pixels should have shape [clips, frames, {}, {}, 3] with at most 1024 frames; it has {}",
                      file.path(), judge::side, judge::side, walt::detail::shape_text(shape));
        const auto written = file.metadata().find("captions");
        walt::require(written != file.metadata().end(), "{} has no metadata captions", file.path());
        std::istringstream lines(written->second);
        for (std::string line; std::getline(lines, line);) {
            const std::optional<moving_fashion_label> label = moving_fashion::parse(line);
            walt::require(label.has_value(),
                          "{}: '{}' is no caption of moving fashion, such as 'a red sneaker moving left'", file.path(),
                          line);
            captions.push_back(line);
            told.push_back(*label);
        }
        walt::require(static_cast<std::int64_t>(captions.size()) == shape[0], "{} has {} clips and {} captions",
                      file.path(), shape[0], captions.size());
        clips.shape = {shape[0], static_cast<int>(shape[1]), judge::side, judge::side, 3};
        for (const std::uint8_t level : file.read<std::uint8_t>("pixels"))
            clips.pixels.push_back(static_cast<float>(level) / 127.5f - 1.0f);
    }
};

/// 2 or more clips of pictures that no training saw, half of them of held-out combinations.
walt::clips real_clips(walt::seed from, std::int64_t count) {
    const auto of = [&](walt::split part, std::int64_t some) {
        return walt::read_clips(
            moving_fashion({.size = judge::side, .split = part, .pictures = walt::fashion_part::test}), from, 0, some);
    };
    walt::clips made = of(walt::split::train, count - count / 2);
    const walt::clips held_out = of(walt::split::held_out, count / 2);
    made.pixels.insert(made.pixels.end(), held_out.pixels.begin(), held_out.pixels.end());
    return {.shape = {count, made.shape.frames, made.shape.height, made.shape.width, made.shape.channels},
            .pixels = std::move(made.pixels)};
}

/// The Frechet distance of clips from so many real ones, of what a network's last tap shows of a frame on average.
class features_of_real_clips {
  public:
    template <class Network>
    features_of_real_clips(std::string name, const Network& network, std::int64_t count)
        : name_(std::move(name)), statistics_of_([&network](const walt::clips& of) {
              walt::feature_statistics made;
              made.add(network.pooled(of), Network::pooled_features);
              return made;
          }),
          real_(statistics_of_(real_clips(walt::seed{6}, count))) {
        tell("as many others", real_clips(walt::seed{7}, count));
    }
    void tell(const std::string& clips, const walt::clips& of) const {
        fmt::print("Frechet distance of {} from real clips, features of {}: {:.4f}\n", clips, name_,
                   walt::frechet_distance(real_, statistics_of_(of)));
    }

  private:
    std::string name_;
    std::function<walt::feature_statistics(const walt::clips&)> statistics_of_;
    walt::feature_statistics real_;
};

void judge_clips(const judge::item_judge& judge, const clip_file& file, bool each) {
    score seen, held_out;
    confusion items{};
    const float* pixels = file.clips.pixels.data();
    for (std::size_t i = 0; i < file.told.size(); ++i) {
        const moving_fashion_label& told = file.told[i];
        const judge::verdict found = judge(pixels, static_cast<int>(file.clips.shape.frames));
        pixels += file.clips.shape.sample();
        (moving_fashion::held_out(told) ? held_out : seen).add(found, told);
        ++items[place(told.item)][place(found.item)];
        if (each)
            fmt::print("{:36} -> {} {} moving {}\n", file.captions[i], name(moving_fashion::colours, found.colour),
                       name(moving_fashion::items, found.item), name(moving_fashion::directions, found.direction));
    }
    score::print_head();
    seen.print("seen");
    held_out.print("held out");
    fmt::print("by chance{:33.1f} %{:17.1f} %{:17.1f} %{:17.2f} %\n", 100.0 / 10, 100.0 / 6, 100.0 / 8, 100.0 / 480);
    print(items);
}

} // namespace

int main(int argc, char** argv) try {
    examples::program app{
        "Trains the demo's judge once, says how often it is right on real clips, and judges generated clips."};
    std::filesystem::path folder = "judge-run", features, st_lpips;
    std::vector<std::filesystem::path> clips;
    std::int64_t steps = 5000, tested = 1000, real = 0;
    bool each = false;
    app.add_option("--folder", folder, "where the judge is kept");
    app.add_option("--train-steps", steps, "steps of 64 frames, where the folder has no judge yet")
        ->check(CLI::PositiveNumber);
    app.add_option("--test", tested, "real clips to test on, 0 for none")->check(CLI::NonNegativeNumber);
    app.add_option("--clips", clips,
                   "safetensors files with pixels U8 [B, F, 48, 48, 3] and metadata captions, one a line")
        ->check(CLI::ExistingFile);
    app.add_option("--real", real, "real clips for a Frechet distance of the files' clips from them, 0 for none")
        ->check(CLI::NonNegativeNumber);
    app.add_option("--st-lpips", st_lpips, "weights of ST-LPIPS's AlexNet, for a distance in its features too")
        ->check(CLI::ExistingFile);
    app.add_option("--features", features, "a file to write the network's features to, for perceptual distances");
    app.add_flag("--each", each, "print the verdict on every clip of the file");
    CLI11_PARSE(app, argc, argv);

    walt::require(real != 1, "real clips are of two kinds, so of 2 or more, not of {}", real);
    walt::make_writable(folder);
    if (!features.empty()) examples::make_writable_for(features);
    std::vector<clip_file> files;
    for (const auto& path : clips) files.emplace_back(path);
    walt::cpu::context ctx;
    const auto begun = std::chrono::steady_clock::now();
    const judge::item_judge judge(ctx, folder, steps);
    fmt::print("judge ready after {:.1f} s\n",
               std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count());
    const walt::perceptual_distance items(ctx, walt::perceptual_network<walt::item_features, false>{},
                                          walt::compute<float>, walt::judge_weights(folder / "judge.safetensors"));
    if (!features.empty()) walt::save_weights<walt::bf16>(features, items.net());
    if (tested > 0) test(judge, tested);
    for (std::size_t i = 0; i < files.size(); ++i) {
        fmt::print("{}\n", clips[i].string());
        judge_clips(judge, files[i], each);
    }
    const auto tell_distances = [&](const char* name, const auto& network) {
        const features_of_real_clips apart(name, network, real);
        for (std::size_t i = 0; i < files.size(); ++i) apart.tell(clips[i].string(), files[i].clips);
    };
    if (real > 0) tell_distances("the judge's first three layers", items);
    if (real > 0 && !st_lpips.empty())
        tell_distances("ST-LPIPS's AlexNet",
                       walt::perceptual_distance(ctx, walt::perceptual_network<walt::st_alexnet>{},
                                                 walt::compute<float>, walt::weights_file(st_lpips)));
} catch (const std::exception& problem) {
    return examples::failed(problem);
}
