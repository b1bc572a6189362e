// What the demo is measured by: captions of seen and of held-out combinations, and the tokenizer's own error.
#include "demo.hpp"

#include <walt/data/moving_fashion.hpp>
#include <walt/data/read_clips.hpp>
#include <walt/data/videos.hpp>
#include <walt/io/text_lines.hpp>
#include <walt/train/checkpoint.hpp>

#include <fmt/core.h>

#include <cmath>

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
    std::vector<double> error(frames); // squared, of every frame of all clips, in a range of 2
    for (int i = 0; i < count; ++i) {
        const walt::clips clip = walt::read_clips(i % 2 ? held_out : seen, walt::seed{5}, i / 2, 1);
        videos.push_back(walt::to_videos(tokens.decode(tokens.encode(clip))).front());
        captions.push_back(clip.captions[0][0]);
        const std::vector<float> decoded = walt::to_floats(videos.back());
        for (std::size_t j = 0; j < decoded.size(); ++j)
            error[j * frames / decoded.size()] += std::pow(static_cast<double>(decoded[j] - clip.pixels[j]), 2);
    }
    const auto psnr = [&](double sum, int of_frames) {
        return 10 * std::log10(4 * 3.0 * side * side * of_frames * count / sum);
    };
    double all = 0;
    for (const double sum : error) all += sum;
    fmt::print("tokenizer, PSNR on {} clips of test pictures: {:.1f} dB; in frame 0 {:.1f}, 4 {:.1f}, 8 {:.1f}, 12 "
               "{:.1f}, 16 {:.1f} dB\n",
               count, psnr(all, frames), psnr(error[0], 1), psnr(error[4], 1), psnr(error[8], 1), psnr(error[12], 1),
               psnr(error[16], 1));
    write_clips(options.out / "reconstructed.safetensors", videos, captions);
}

} // namespace demo
