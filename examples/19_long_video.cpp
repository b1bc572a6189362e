// A video file of any length to a file of latents and back, some frames at a time: memory does not grow with its
// length.
// refuses: --input "" => File does not exist
// refuses: --output /dev/null/again.mp4 => /dev/null
// refuses: --latents /dev/null/l => /dev/null
// test: --frames 42
#include "program.hpp"

#include <walt/config/demo.hpp>
#include <walt/cpu.hpp>
#include <walt/data/long_video.hpp>
#include <walt/io/mp4.hpp>
#include <walt/io/safetensors.hpp>
#include <walt/io/safetensors_writer.hpp>
#include <walt/io/weights.hpp>
#include <walt/tokenizer/memory_plan.hpp>
#include <walt/tokenizer/streaming.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <optional>
#include <span>
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

int main(int argc, char** argv) try {
    std::string input, latents = "latents.safetensors", output = "again.mp4", weights;
    int frames = 257, side = 96;
    std::int64_t chunk = 2;
    examples::program app("a video file to latents and back, in memory that does not grow with its length");
    app.add_option("--input", input, "a video file; without one a wave is made")->check(CLI::ExistingFile);
    app.add_option("--latents", latents, "where its latents go");
    app.add_option("--output", output, "where what is decoded of them goes");
    app.add_option("--tokenizer", weights, "weights of the demo's tokenizer; without them it is random")
        ->check(CLI::ExistingFile);
    app.add_option("--frames", frames, "frames of the wave")->check(CLI::PositiveNumber);
    app.add_option("--chunk", chunk, "latent frames that pass at once")->check(CLI::Range(1, 1024));
    app.add_option("--side", side, "height and width of the wave")->check(CLI::PositiveNumber);
    CLI11_PARSE(app, argc, argv);
    examples::make_writable_for(latents);
    examples::make_writable_for(output);
    const bool own = input.empty();
    if (own) write_wave(input = "wave.mp4", frames, side);

    walt::cpu::context device;
    walt::tokenizer tokenizer(device, config{}, walt::compute<float>, walt::seed{1});
    if (!weights.empty()) walt::load_weights(weights, tokenizer);
    const walt::streaming how{.latent_frames = chunk, .scale = walt::latent_scale::raw};
    using dims = decltype(tokenizer)::dims;
    constexpr std::int64_t s = dims::time_compression, p = dims::space_compression;

    walt::video_reader from(input, {.multiple = p});
    const auto plan = walt::memory_plan(config{}, walt::compute<float>, {1, 0, from.height(), from.width()}, how);
    device.arena.reserve(std::max(plan.encode.arena, plan.decode.arena));

    // The latents' file, written as they are made. Its header comes first, so the frames are counted before.
    const std::int64_t count = walt::count_frames(input);
    const walt::video_shape z{1, 1 + (count - 1 + s - 1) / s, from.height() / p, from.width() / p, dims::latent};
    walt::safetensors_writer file;
    file.metadata("frames", std::to_string(count));
    file.add("latents", "F32", {z.frames, z.height, z.width, z.channels}, [&](const auto& write) {
        walt::encode_stream encoder(tokenizer, how);
        const auto put = [&](const std::optional<walt::latents>& some) {
            if (some) write(std::as_bytes(std::span(some->values)));
        };
        while (const auto some = from.next(chunk * s)) put(encoder.next(*some));
        put(encoder.finish());
    });
    file.save(latents);

    // And back: as many latent frames at a time as pass at once.
    const walt::safetensors_file made(latents);
    walt::video_writer to(output, from.height(), from.width(), std::max(1.0, from.frames_per_second()));
    walt::decode_stream decoder(tokenizer, how);
    for (std::int64_t at = 0; at < z.frames; at += how.latent_frames) {
        walt::latents some{.shape = z, .scale = how.scale};
        some.shape.frames = std::min(how.latent_frames, z.frames - at);
        some.values.resize(static_cast<std::size_t>(some.shape.size()));
        made.read_into<float>("latents", some.values, static_cast<std::uint64_t>(at * z.frame()));
        const walt::clips x = decoder.next(some);
        to.add(x.frames(0, std::min(x.shape.frames, count - to.frames()))); // the last latent frame may show some more
    }
    to.finish();

    const double planned = static_cast<double>(std::max(plan.encode.on_host(), plan.decode.on_host())) * 1e-6;
    fmt::print(
        "{} frames of {} x {} to {} latent frames and back; the device's memory was planned to be {:.1f} MB (its "
        "arena's peak is {:.1f}), this program's peak is {:.1f} MB\n",
        to.frames(), from.height(), from.width(), z.frames, planned, 1e-6 * static_cast<double>(device.arena.peak()),
        peak_megabytes());
    return to.frames() == count && (!own || count == frames) ? 0 : 1;
} catch (const std::exception& problem) {
    return examples::failed(problem);
}
