// The loss on batches that training does not see, as a number that depends on the model alone (docs/model.md 20).
#pragma once

#include "../core/hash.hpp"
#include "../core/range.hpp"
#include "denoising.hpp"

#include <cmath>

namespace walt {

/// Mean square of (answer - target), when the estimate of x0 is zeros and when it comes from a first pass
/// (self-conditioning; the same number where the model has none).
struct held_out_losses {
    double plain = 0, self_conditioned = 0;
};

/// The losses over batches 0 .. batches - 1 of a source (any function from a batch's number to latents), the mean over
/// all their samples: batches may differ in size. Sample i of N in a batch has level floor((i + 1/2) 1000 / N) and
/// noise of its own, and no condition is dropped. So they are the same numbers every time on one device. Frames are not
/// known; a low-resolution latent has half of the noise that `objective` may put on it. `objective` says the schedule
/// and the prediction.
template <class Model, class Source>
held_out_losses held_out_loss(Model& model, Source&& source, std::int64_t batches, const denoising& objective = {},
                              seed from = {}) {
    using config = typename Model::config_type;
    using A = typename Model::A;
    check_options(objective);
    require(batches >= 1, "a held-out loss needs 1 batch or more, not {}", batches);
    auto& ctx = model.context();
    double sums[2] = {0, 0};
    std::int64_t before = 0; // samples of the batches before: sample i of a batch is sample before + i of all
    for (std::int64_t n = 0; n < batches; ++n) {
        const arena::scope scope(ctx.arena);
        const latents batch = source(n);
        const std::int64_t N = batch.shape.count;
        const auto first = static_cast<std::uint64_t>(before);
        draws drawn{.low_noise = {from.value, hash("validation, low resolution") + first}};
        for (std::int64_t i = 0; i < N; ++i) {
            const auto level = static_cast<std::int32_t>((2 * i + 1) * noise_schedule::levels / (2 * N));
            drawn.level.insert(drawn.level.end(), config::frames, level);
            drawn.low_level.push_back(objective.low_resolution_noise / 2);
        }
        auto on = on_device(model, batch, drawn, objective.schedule);
        for (std::int64_t i = 0; i < N; ++i)
            ops::normal(ctx, philox{from.value, hash("validation") + first + static_cast<std::uint64_t>(i)},
                        on.eps.slice(i, 1));
        const frame_mixtures<A> diffusion(ctx, objective.schedule, objective.predicts, drawn.level);
        const auto x_t = on.like_x0(ctx), target = on.like_x0(ctx), estimate = on.like_x0(ctx),
                   answer = on.like_x0(ctx), unused = on.like_x0(ctx);
        diffusion.noisy(ctx, on.x0, on.eps, x_t);
        diffusion.target(ctx, on.x0, on.eps, target);
        on.input.noisy = x_t.read();
        const auto loss = ctx.arena.template take<A, 1>();
        for (double& sum : sums) {
            model.predict(on.input, answer);
            ops::square_error(ctx, answer, target, on.weight, loss, unused);
            A value = 0;
            ctx.download(&value, loss.data(), sizeof(A));
            require(std::isfinite(value),
                    "the held-out loss of batch {} is not finite ({}): its numbers or the weights", n, value);
            sum += static_cast<double>(value) * static_cast<double>(N);
            if constexpr (config::self_conditioning) {
                diffusion.x0_of(ctx, x_t, answer, estimate);
                on.input.self_condition = estimate.read();
            }
        }
        before += N;
    }
    return {sums[0] / static_cast<double>(before), sums[1] / static_cast<double>(before)};
}

} // namespace walt
