// A folder of your own videos, with captions.txt (lines of file<TAB>caption), as training batches. With a folder for
// each class instead, walt::class_folder<walt::video_folder> gives batches with labels.
#include <walt/data/batches.hpp>
#include <walt/data/video_folder.hpp>
#include <walt/io/mp4.hpp>

#include <fmt/core.h>

/// Three clips of a moving square, for when no folder is given.
std::filesystem::path make_folder() {
    std::filesystem::create_directories("my_clips");
    std::string captions;
    for (int i = 0; i < 3; ++i) {
        walt::video clip{6, 64, 96, std::vector<std::uint8_t>(std::size_t{6} * 64 * 96 * 3, 30)};
        for (int f = 0; f < clip.frames; ++f)
            for (int y = 20; y < 40; ++y)
                for (int x = 10 * f; x < 10 * f + 20; ++x) clip.frame(f)[3 * (y * clip.width + x) + i] = 220;
        const std::string name = "clip" + std::to_string(i) + ".mp4";
        walt::write_mp4("my_clips/" + name, clip);
        captions += name + "\ta square of colour " + std::to_string(i) + "\n";
    }
    walt::write_atomically("my_clips/captions.txt", captions);
    return "my_clips";
}

int main(int count, char** arguments) try {
    const std::filesystem::path folder = count > 1 ? std::filesystem::path(arguments[1]) : make_folder();
    // [reading]
    const walt::video_folder clips(folder, {.frames = 5,
                                            .height = 32,
                                            .width = 32,
                                            .rate = 8,      // frames a second, whatever each file has
                                            .clips = 2,     // of each file
                                            .until = 0.9}); // its last tenth is held out
    const walt::clips batch = walt::batches(clips, {.batch = 2, .image_rate = 0.5})(0);
    // [/reading]
    fmt::print("{} clips; a batch of {} samples of {} x {} x {}: \"{}\", \"{}\"\n", clips.size(), batch.shape.count,
               batch.shape.frames, batch.shape.height, batch.shape.width, batch.captions[0][0], batch.captions[1][0]);
    return batch.pixels.size() == std::size_t{2} * 5 * 32 * 32 * 3 ? 0 : 1;
} catch (const std::exception& problem) {
    fmt::print(stderr, "{}\n", problem.what());
    return 1;
}
