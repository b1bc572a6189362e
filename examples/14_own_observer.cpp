// An observer of your own: it ends a run as soon as the loss is good enough.
#include <walt/cpu.hpp>
#include <walt/diffusion/denoising.hpp>
#include <walt/train/trainer.hpp>
#include <walt/transformer/denoiser.hpp>

#include <fmt/core.h>

struct small : walt::denoiser_config {
    static constexpr int frames = 2, height = 4, width = 4, channels = 2, hidden = 32, heads = 2, depth = 2,
                         classes = 2;
    static constexpr walt::window spatiotemporal_window{2, 2, 2};
};

/// Frames of one value by class: -1 or 1 in all channels.
walt::latents flat(std::int64_t) {
    walt::latents batch{.shape = walt::latents_of<small>(8)};
    for (int b = 0; b < 8; ++b) {
        batch.labels.insert(batch.labels.end(), small::frames, b % 2);
        batch.values.insert(batch.values.end(), static_cast<std::size_t>(batch.shape.sample()), b % 2 ? 1.0f : -1.0f);
    }
    return batch;
}

int main() try {
    walt::cpu::context device;
    walt::denoiser model(device, small{}, walt::compute<float>, walt::seed{1});
    walt::trainer trainer(model, walt::denoising{}, walt::adamw{.learning_rate = 3e-3f}, {.rate = {.warmup = 10}});
    double loss = 0;
    // [observer]
    const bool whole = trainer.run(flat, walt::steps{1000}, [&](auto&, const walt::step_result& result) {
        loss = result.loss;
        return loss < 0.3 ? walt::stop : walt::go_on;
    });
    // [/observer]
    fmt::print("loss {:.3f} after {} steps of 1000\n", loss, trainer.step_count());
    return !whole && loss < 0.3 && trainer.step_count() < 1000 ? 0 : 1;
} catch (const std::exception& problem) {
    fmt::print(stderr, "{}\n", problem.what());
    return 1;
}
