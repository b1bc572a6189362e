// What the demo is measured by: captions of seen and of held-out combinations, and the tokenizer's own error.
#include "../judge/write_clips.hpp"
#include "demo.hpp"

#include <walt/data/moving_fashion.hpp>
#include <walt/data/read_clips.hpp>
#include <walt/data/videos.hpp>
#include <walt/io/text_lines.hpp>
#include <walt/measures/bootstrap.hpp>
#include <walt/measures/pixels.hpp>
#include <walt/train/checkpoint.hpp>

#include <fmt/core.h>

#include <map>

namespace demo {

std::vector<std::string> evaluation_texts(int count) {
    std::vector<walt::moving_fashion_label> seen, held_out;
    for (int c = 0; c < walt::moving_fashion::combinations; ++c) {
        const walt::moving_fashion_label label =
            walt::moving_fashion::combination(c * 77 % walt::moving_fashion::combinations); // in mixed order
        (walt::moving_fashion::held_out(label) ? held_out : seen).push_back(label);
    }
    std::vector<std::string> texts;
    for (int i = 0; i < count; ++i) {
        const auto& from = i % 2 ? held_out : seen;
        texts.push_back(walt::moving_fashion::caption(from[static_cast<std::size_t>(i / 2) % from.size()]));
    }
    return texts;
}

void read_prompts(const std::filesystem::path& path, sampling_options& into) {
    for (const auto& [number, line] : walt::text_lines(path)) {
        const std::size_t middle = line.find(" = ");
        walt::require(middle != std::string::npos && walt::moving_fashion::parse(line.substr(middle + 3)),
                      "line {} of {}: '{}' is no text, ' = ', and a caption such as 'a red sneaker moving left'",
                      number, path.string(), line);
        into.texts.push_back(line.substr(0, middle));
        into.captions.push_back(line.substr(middle + 3));
    }
    walt::require(!into.texts.empty(), "{} has no prompt", path.string());
}

void evaluate_tokenizer(const sampling_options& options, int count) {
    device cpu;
    tokenizer tokens(cpu, {}, walt::compute<walt::bf16>);
    walt::load_weights(options.weights / "tokenizer.safetensors", tokens);

    const auto clips_of = [](walt::split part) {
        return walt::moving_fashion(
            {.size = side, .frames = frames, .split = part, .pictures = walt::fashion_part::test});
    };
    const walt::moving_fashion seen = clips_of(walt::split::train), held_out = clips_of(walt::split::held_out);
    std::vector<walt::video> videos;
    std::vector<std::string> captions;
    std::vector<double> decibels; // of each clip
    std::map<int, double> of_frame{{0, 0}, {4, 0}, {8, 0}, {12, 0}, {16, 0}};
    for (int i = 0; i < count; ++i) {
        const walt::clips clip = walt::read_clips(i % 2 ? held_out : seen, walt::seed{5}, i / 2, 1),
                          decoded = tokens.decode(tokens.encode(clip));
        videos.push_back(walt::to_videos(decoded).front());
        captions.push_back(clip.captions[0][0]);
        decibels.push_back(walt::psnr(decoded, clip));
        for (auto& [frame, sum] : of_frame) sum += walt::psnr(decoded.frames(frame, 1), clip.frames(frame, 1));
    }
    const walt::estimate all = walt::mean_of(decibels);
    fmt::print(
        "tokenizer, PSNR of {} clips of test pictures, of each by itself: {:.1f} dB (95 %: {:.1f} to {:.1f}); in frame",
        count, all.value, all.low, all.high);
    for (const auto& [frame, sum] : of_frame) fmt::print(" {}: {:.1f}", frame, sum / count);
    fmt::print(" dB\n");
    judge::write_clips(options.out / "reconstructed.safetensors", videos, captions);
}

} // namespace demo
