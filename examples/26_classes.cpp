// Generation by class and of no class, as on UCF-101 and ImageNet: a folder of class folders, the official lists of its
// parts, the paper's training by its options. One line of a config away from the paper's models. Without a folder the
// classes are squares of three colours.
//     26_classes --folder UCF-101 --list trainlist01.txt --classes classInd.txt --steps 60000
//     26_classes --folder ImageNet/train --images --steps 437000
// refuses: --batch -1 => Value -1 not in range
// refuses: --tokenizer-steps 0 => Value 0 not in range
// refuses: --folder "" => Directory does not exist
// refuses: --run /dev/null/run => /dev/null
// test: --steps 4 --tokenizer-steps 2 --batch 8 --at-once 4 --clips 6
#include "program.hpp"

#include <walt/config/demo.hpp>
#include <walt/cpu.hpp>
#include <walt/data/batches.hpp>
#include <walt/data/class_folder.hpp>
#include <walt/data/image_folder.hpp>
#include <walt/data/video_folder.hpp>
#include <walt/diffusion/sample.hpp>
#include <walt/io/gif.hpp>
#include <walt/io/png.hpp>
#include <walt/tokenizer/reconstruction.hpp>
#include <walt/train/recipe.hpp>
#include <walt/train/save_to.hpp>

#include <fmt/core.h>

namespace {

/// W.A.L.T of UCF-101 for clips of 17 x 48 x 48 and two CPU cores: the second line is all that makes it small.
struct small : walt::presets::walt_l {
    static constexpr int height = 6, width = 6, hidden = 64, heads = 2, depth = 2;
    static constexpr walt::window spatiotemporal_window{5, 6, 6};
};
struct small_unconditional : small {
    static constexpr int classes = 0;
};
/// The same of ImageNet's: latents of one frame.
struct small_of_images : walt::presets::imagenet_l {
    static constexpr int height = 6, width = 6, hidden = 64, heads = 2, depth = 2;
    static constexpr walt::window spatiotemporal_window{1, 6, 6};
};

struct settings {
    std::int64_t steps = 1000, tokenizer_steps = 1000, clips = 2000;
    int batch = 0, at_once = 16;
    std::string run = "classes_run";
};

/// A square that moves, as video or picture: red, green or blue is its class.
std::filesystem::path make_folder(bool images) {
    const char* const colours[] = {"blue", "green", "red"};
    for (int label = 0; label < 3; ++label)
        for (int i = 0; i < 2; ++i) {
            const std::filesystem::path folder = std::filesystem::path("classes") / colours[label];
            std::filesystem::create_directories(folder);
            walt::video clip{17, 48, 48, std::vector<std::uint8_t>(std::size_t{17} * 48 * 48 * 3, 30)};
            for (int f = 0; f < clip.frames; ++f)
                for (int y = 14; y < 34; ++y)
                    for (int x = f; x < f + 20; ++x) clip.frame(f)[3 * (y * 48 + x + 8 * i) + 2 - label] = 220;
            if (images) walt::write_png(folder / fmt::format("{}.png", i), clip);
            else walt::write_mp4(folder / fmt::format("{}.mp4", i), clip);
        }
    return "classes";
}

template <class Folder>
walt::class_folder<Folder> open(const std::string& folder, const walt::file_list& part, typename Folder::reading how) {
    if (part.files.empty()) return walt::class_folder<Folder>(folder, how);
    return {folder, part, how};
}

template <class Config, class Data, class Recipe>
int train_and_sample(const Data& data, const Recipe& paper, const settings& asked) {
    walt::require(data.classes() >= 3, "samples of three classes are made; the folder has {}", data.classes());
    walt::require(Config::classes == 0 || data.classes() <= Config::classes,
                  "the folder has {} classes, the model {}: `classes` of its config says how many", data.classes(),
                  Config::classes);
    walt::cpu::context device;
    // [recipe]
    auto how = paper.in_steps(asked.steps);
    if (asked.batch > 0) how.batch = asked.batch;
    walt::denoiser model(device, Config{}, walt::compute<walt::bf16>, walt::seed{2});
    walt::trainer trainer(model, how.objective, how.optimizer, how.training_of(asked.at_once));
    walt::ema average(model, how.average);
    // [/recipe]
    walt::tokenizer tokenizer(device, walt::presets::demo_tokenizer{}, walt::compute<walt::bf16>, walt::seed{1});
    walt::trainer teach(tokenizer, walt::reconstruction{}, walt::adamw{.learning_rate = 2e-3f},
                        {.rate = {.total = asked.tokenizer_steps}});
    if (!teach.run(walt::batches(data, {.batch = 4}), walt::steps{asked.tokenizer_steps},
                   walt::save_to{asked.run + "/tokenizer"}))
        return walt::exit_status();
    tokenizer.measure_latents(walt::batches(data, {.batch = 4}), {.batches = 4});
    double loss = 0;
    if (!trainer.run(
            walt::latent_cache(tokenizer, data, how.caching_of(asked.at_once, std::min(asked.clips, data.size()))),
            walt::steps{asked.steps}, average, walt::save_to{asked.run + "/denoiser"},
            [&](auto&, const walt::step_result& result) { loss = result.loss; }))
        return walt::exit_status();

    std::vector<walt::video> made;
    if constexpr (Config::classes > 0) {
        made = walt::sample(average.model(), tokenizer, walt::labels{0, 1, 2}, how.samples);
        for (int label = 0; label < 3; ++label) fmt::print("{}  ", data.names()[static_cast<std::size_t>(label)]);
    } else made = walt::sample(average.model(), tokenizer, walt::unconditional{3}, how.samples);
    walt::write_gif("classes.gif", walt::tile(made, 3));
    fmt::print("in classes.gif, after a last loss of {:.3f}\n", loss);
    return std::isfinite(loss) ? 0 : 1;
}

} // namespace

int main(int count, char** arguments) try {
    examples::program app("train and sample by class");
    settings asked;
    std::string folder;
    walt::file_list part;
    bool images = false, unconditional = false;
    app.add_option("--folder", folder, "a folder of class folders")->check(CLI::ExistingDirectory);
    app.add_option("--list", part.files, "the official list of its training part")->needs("--folder");
    app.add_option("--classes", part.classes, "the list's order of the classes")->needs("--list");
    app.add_flag("--images", images, "the folder has images");
    app.add_flag("--unconditional", unconditional, "the model is not told the classes")->excludes("--images");
    app.add_option("--steps", asked.steps, "of the denoiser")->check(CLI::PositiveNumber);
    app.add_option("--tokenizer-steps", asked.tokenizer_steps, "of its training")->check(CLI::PositiveNumber);
    app.add_option("--clips", asked.clips, "encoded and kept")->check(CLI::PositiveNumber);
    app.add_option("--batch", asked.batch, "samples a step; 0: as many as the paper")->check(CLI::NonNegativeNumber);
    app.add_option("--at-once", asked.at_once, "samples in memory at once")->check(CLI::PositiveNumber);
    app.add_option("--run", asked.run, "folder where the run is saved; the same command goes on");
    CLI11_PARSE(app, count, arguments);

    walt::make_writable(asked.run);
    examples::make_writable_for("classes.gif");
    if (folder.empty()) folder = make_folder(images).string();
    if (images) {
        const auto data = open<walt::image_folder>(folder, part, {.height = 48, .width = 48});
        return train_and_sample<small_of_images>(data, walt::recipes::imagenet(), asked);
    }
    const auto data = open<walt::video_folder>(folder, part, {.frames = 17, .height = 48, .width = 48});
    if (unconditional) return train_and_sample<small_unconditional>(data, walt::recipes::ucf_101(), asked);
    return train_and_sample<small>(data, walt::recipes::ucf_101(), asked);
} catch (const std::exception& problem) {
    return examples::failed(problem);
}
