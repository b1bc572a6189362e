// A small model that knows frames, its tokenizer, and frames to give it.
#pragma once

#include "../catch.hpp"

#include <walt/diffusion/long_video.hpp>
#include <walt/reference.hpp>
#include <walt/text/word_vectors.hpp>
#include <walt/tokenizer/tokenizer.hpp>

namespace given_frames_tests {

using namespace walt;

struct config : denoiser_config { // 4 latent frames of 2 x 4: 7 frames of 4 x 8 pixels
    static constexpr int frames = 4, height = 2, width = 4, channels = 3, hidden = 16, heads = 2, depth = 2,
                         classes = 3, text_dim = 4, text_tokens = 3, numbers = 1;
    static constexpr bool frame_prediction = true;
    static constexpr window spatiotemporal_window{0, 2, 2};
};
struct tokens : tokenizer_config {
    static constexpr int channels = 4, blocks = 1, latent = 3, norm_groups = 2;
    static constexpr std::array<int, 2> multipliers{1, 2};
    static constexpr std::array<int, 1> time_strides{2};
};

/// All of it with every parameter drawn, and the latents' mean and deviation measured.
struct scene {
    reference::context ctx;
    denoiser<reference::context, config, float> model{ctx, config{}, compute<float>, seed{1}};
    tokenizer<reference::context, tokens, float> coder{ctx, tokens{}, compute<float>, seed{2}};
    word_vectors text{4, 3};
    sampling quick{.sampler = ddim{.steps = 3}, .seed = seed{7}};
    scene() {
        std::vector<float> masters = model.host_masters();
        for (std::size_t i = 0; i < masters.size(); ++i) masters[i] += 0.2f * philox{3, 9}.normal(i);
        model.assign(masters);
        coder.measure_latents([](std::int64_t n) { return pixels(2, 7, 100 + static_cast<std::uint64_t>(n)); },
                              {.batches = 2});
    }
    scene(const scene&) = delete;

    /// Frames of noise.
    static clips pixels(std::int64_t count, std::int64_t frames, std::uint64_t stream) {
        clips made{.shape = {count, frames, 4, 8}};
        for (std::int64_t i = 0; i < made.shape.size(); ++i)
            made.pixels.push_back(2 * philox{5, stream}.uniform(static_cast<std::uint64_t>(i)) - 1);
        return made;
    }
};

inline std::vector<std::uint8_t> frame_of(const video& from, int f) {
    return {from.frame(f), from.frame(f) + from.frame_size()};
}
inline double distance(const std::vector<float>& a, const std::vector<float>& b) {
    REQUIRE(a.size() == b.size());
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i) sum += std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i]));
    return sum / static_cast<double>(a.size());
}

} // namespace given_frames_tests
