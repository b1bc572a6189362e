// An objective of your own: flow matching. x_t lies on the straight line between x0 and the noise, the network answers
// with the velocity along it; sampled by DDIM, which on a straight schedule is Euler's method.
#include "program.hpp"

#include <walt/cpu.hpp>
#include <walt/diffusion/denoising.hpp>
#include <walt/diffusion/sample.hpp>
#include <walt/train/trainer.hpp>

#include <fmt/core.h>

#include <cmath>
#include <cstdlib>

struct small : walt::denoiser_config {
    static constexpr int frames = 2, height = 4, width = 4, channels = 2, hidden = 32, heads = 2, depth = 2,
                         classes = 2;
    static constexpr walt::window spatiotemporal_window{2, 2, 2};
};

const walt::noise_schedule straight([](int level) {
    const double t = (level + 1) / 1000.0;
    return walt::noise_level{1 - t, t};
});
const walt::prediction velocity = [](walt::noise_level) { return walt::answer_shares{-1, 1}; };

// [objective]
struct flow_matching {
    void operator()(auto& model, const walt::latents& batch, auto g, walt::philox random, auto loss) const {
        using A = typename decltype(loss)::element;
        auto& ctx = model.context();
        const walt::arena::scope scope(ctx.arena);
        const walt::draws drawn = walt::denoising{}.draw<small>(batch, random);
        auto on = walt::on_device(model, batch, drawn); // latents, noise, conditions (some dropped), levels
        const walt::frame_mixtures<A> line(ctx, straight, velocity, drawn.level);
        const auto x_t = on.like_x0(ctx), target = on.like_x0(ctx);
        line.noisy(ctx, on.x0, on.eps, x_t);     // (1 - t) x0 + t eps
        line.target(ctx, on.x0, on.eps, target); // eps - x0
        on.input.noisy = x_t.read();
        walt::fit(model, on.input, target, on.weight, loss, g);
    }
};
// [/objective]

/// Frames of one value by class: -1 or 1 in all channels.
walt::latents flat(std::int64_t) {
    walt::latents batch{.shape = walt::latents_of<small>(8)};
    for (int b = 0; b < 8; ++b) {
        batch.labels.insert(batch.labels.end(), small::frames, b % 2);
        batch.values.insert(batch.values.end(), static_cast<std::size_t>(batch.shape.sample()), b % 2 ? 1.0f : -1.0f);
    }
    return batch;
}

int main(int count, char** argument) try {
    examples::program app("a training by flow matching");
    int steps = 300;
    app.add_option("steps", steps, "of the training")->check(CLI::PositiveNumber);
    CLI11_PARSE(app, count, argument);
    walt::cpu::context device;
    walt::denoiser model(device, small{}, walt::compute<float>, walt::seed{1});
    walt::trainer trainer(model, flow_matching{}, walt::adamw{.learning_rate = 3e-3f}, {.rate = {.warmup = 10}});
    double first = 0, last = 0;
    for (int step = 0; step < steps; ++step) (step ? last : first) = trainer.step(flat).loss;
    const walt::latents made = walt::sample_latents(
        model, walt::labels{0, 1}, {.sampler = walt::ddim{.steps = 10}, .schedule = straight, .predicts = velocity});
    double mean[2] = {0, 0};
    const std::size_t half = made.values.size() / 2;
    for (std::size_t i = 0; i < 2 * half; ++i)
        mean[i / half] += static_cast<double>(made.values[i]) / static_cast<double>(half);
    fmt::print("loss {:.3f}, then {:.3f}; the classes' means are -1 and 1, the samples' {:.2f} and {:.2f}\n", first,
               last, mean[0], mean[1]);
    return last < first && mean[0] < mean[1] ? 0 : 1;
} catch (const std::exception& problem) {
    return examples::failed(problem);
}
