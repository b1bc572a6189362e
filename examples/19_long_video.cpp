// A video file of any length to latents and back, some frames at a time: memory does not grow with its length.
// test: --frames 42 --output again.mp4
#include <walt/config/demo.hpp>
#include <walt/cpu.hpp>
#include <walt/data/long_video.hpp>
#include <walt/io/weights.hpp>
#include <walt/tokenizer/memory_plan.hpp>
#include <walt/tokenizer/streaming.hpp>

#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <string>

namespace {

using config = walt::presets::demo_tokenizer;

/// A coloured wave that moves, written to a file, for those who have no video at hand.
void write_wave(const std::string& path, int frames, int side) {
    walt::video_writer file(path, side, side, 24);
    walt::clips frame{.shape = {1, 1, side, side}};
    frame.pixels.resize(static_cast<std::size_t>(frame.shape.size()));
    for (int f = 0; f < frames; ++f) {
        for (std::size_t i = 0; i < frame.pixels.size(); ++i) {
            const double x = static_cast<double>(i / 3 % static_cast<std::size_t>(side)),
                         y = static_cast<double>(i / 3 / static_cast<std::size_t>(side));
            frame.pixels[i] = static_cast<float>(std::sin(0.13 * x + 0.07 * y + 0.2 * f + 2.0 * double(i % 3)));
        }
        file.add(frame);
    }
    file.finish();
}

/// The most memory that this program has had, in MB.
double peak_megabytes() {
    std::ifstream status("/proc/self/status");
    for (std::string word; status >> word;)
        if (word == "VmHWM:") {
            double kilobytes = 0;
            status >> kilobytes;
            return kilobytes * 1024e-6;
        }
    return 0;
}

} // namespace

int main(int argc, char** argv) {
    std::string input, output = "again.mp4", weights;
    int frames = 257, side = 96;
    CLI::App app("a video file through a tokenizer, in memory that does not grow with its length");
    app.add_option("--input", input, "a video file; without one a wave is made");
    app.add_option("--output", output, "where what is decoded goes");
    app.add_option("--tokenizer", weights, "weights of the demo's tokenizer; without them it is random");
    app.add_option("--frames", frames, "frames of the wave");
    app.add_option("--side", side, "height and width of the wave");
    CLI11_PARSE(app, argc, argv);
    if (input.empty()) write_wave(input = "wave.mp4", frames, side);

    walt::cpu::context device;
    walt::tokenizer tokenizer(device, config{}, walt::compute<float>, walt::seed{1});
    if (!weights.empty()) walt::load_weights(weights, tokenizer);
    const walt::streaming how{.scale = walt::latent_scale::raw};

    walt::video_reader from(input, {.multiple = decltype(tokenizer)::dims::space_compression});
    walt::video_writer to(output, from.height(), from.width(), std::max(1.0, from.frames_per_second()));
    const auto plan = walt::memory_plan(config{}, walt::compute<float>, {1, 0, from.height(), from.width()}, how);
    device.arena.reserve(std::max(plan.encode.arena, plan.decode.arena));
    walt::encode_stream encoder(tokenizer, how);
    walt::decode_stream decoder(tokenizer, how);
    std::int64_t latent_frames = 0;
    while (const auto some = from.next(16))
        if (const auto z = encoder.next(*some)) {
            latent_frames += z->shape.frames; // here they could be kept, or changed
            to.add(decoder.next(*z));
        }
    const std::int64_t rest = encoder.waiting(); // frames that do not complete a latent frame
    if (const auto z = encoder.finish()) to.add(decoder.next(*z).frames(0, rest));
    to.finish();

    fmt::print("{} frames of {} x {} through {} latent frames; the device's memory was planned to be {:.1f} MB "
               "(its arena's peak is {:.1f} of {:.1f}), this program's peak is {:.1f} MB\n",
               to.frames(), from.height(), from.width(), latent_frames,
               1e-6 * static_cast<double>(plan.decode.arena + plan.encode.kept + plan.decode.kept),
               1e-6 * static_cast<double>(device.arena.peak()), 1e-6 * static_cast<double>(plan.decode.arena),
               peak_megabytes());
    return input != "wave.mp4" || to.frames() == frames ? 0 : 1;
}
