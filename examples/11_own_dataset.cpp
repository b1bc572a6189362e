// A dataset of your own with labels: a model of four classes learns from it, and no text encoder is needed.
#include <walt/cpu.hpp>
#include <walt/data/batches.hpp>
#include <walt/data/latent_cache.hpp>
#include <walt/diffusion/denoising.hpp>
#include <walt/diffusion/sample.hpp>
#include <walt/tokenizer/tokenizer.hpp>
#include <walt/train/trainer.hpp>

#include <fmt/core.h>

#include <cmath>

// [dataset]
struct squares { // clip i shows a bright square in corner i mod 4
    std::int64_t size() const { return 256; }
    int frames() const { return 3; }
    int height() const { return 16; }
    int width() const { return 16; }
    int classes() const { return 4; }
    void read(walt::seed seed, std::int64_t i, walt::clip& out) const {
        out.label = static_cast<std::int32_t>(i % 4);
        const float light = walt::philox{seed.value, 0}.uniform(static_cast<std::uint64_t>(i));
        for (std::size_t p = 0; p < out.pixels.size(); ++p) {
            const int x = static_cast<int>(p / 3 % 16), y = static_cast<int>(p / 3 / 16 % 16);
            out.pixels[p] = out.label == (x / 8) + 2 * (y / 8) ? light : -0.9f;
        }
    }
};
// [/dataset]

struct tokens : walt::tokenizer_config {
    static constexpr int channels = 8, blocks = 1, latent = 4, norm_groups = 4;
    static constexpr std::array<int, 3> multipliers{1, 1, 2};
    static constexpr std::array<int, 2> time_strides{1, 2};
};
struct model : walt::denoiser_config {
    static constexpr int frames = 2, height = 4, width = 4, channels = 4, hidden = 64, heads = 2, depth = 2,
                         classes = 4;
    static constexpr walt::window spatiotemporal_window{2, 2, 2};
};

int main() try {
    walt::cpu::context device;
    walt::tokenizer tokenizer(device, tokens{}, walt::compute<float>, walt::seed{1}); // untrained: a random projection
    tokenizer.measure_latents(walt::batches(squares{}, {.batch = 16}));
    walt::denoiser denoiser(device, model{}, walt::compute<float>, walt::seed{2});
    walt::trainer trainer(denoiser, walt::denoising{}, walt::adamw{.learning_rate = 3e-3f}, {.rate = {.total = 300}});
    const walt::latent_cache source(tokenizer, squares{}, {.clips = 256, .batch = 16, .image_rate = 0});
    for (int n = 0; n < 300; ++n) trainer.step(source);

    // A sample of each class should be nearest to the latents of its own class.
    const walt::latents made = walt::sample_latents(denoiser, walt::labels{0, 1, 2, 3}, {.guide = {.scale = 2}});
    const walt::latents real = tokenizer.encode(walt::read_clips(squares{}, {}, 0, 4));
    int right = 0;
    for (std::int64_t b = 0; b < 4; ++b) {
        double nearest = 1e30;
        std::int64_t found = -1;
        for (std::int64_t c = 0; c < 4; ++c) {
            double distance = 0;
            for (std::int64_t i = 0; i < made.shape.sample(); ++i)
                distance += std::pow(made.values[static_cast<std::size_t>(b * made.shape.sample() + i)] -
                                         real.values[static_cast<std::size_t>(c * made.shape.sample() + i)],
                                     2.0);
            if (distance < nearest) nearest = distance, found = c;
        }
        fmt::print("a sample of class {} is nearest to clips of class {}\n", b, found);
        right += found == b;
    }
    return right == 4 ? 0 : 1;
} catch (const std::exception& problem) {
    fmt::print(stderr, "{}\n", problem.what());
    return 1;
}
