// Step reuse through a device: exact where nothing is skipped, and what is skipped where something is.
#pragma once

#include "../catch.hpp"

#include <walt/diffusion/dpm_solver.hpp>
#include <walt/diffusion/sample.hpp>

#include <cmath>

namespace walt::testing {

struct reusing : denoiser_config { // self-conditioned, with both kinds of blocks
    static constexpr int frames = 2, height = 4, width = 4, channels = 3, hidden = 16, heads = 2, depth = 3,
                         classes = 3;
    static constexpr window spatiotemporal_window{0, 2, 2};
};

/// What sampling decided, block by block.
struct decisions {
    int computed = 0, skipped = 0;
    std::vector<double> changes;
};

template <class Context, class T> struct reuse_scene {
    Context ctx;
    denoiser<Context, reusing, T> model{ctx, reusing{}, compute<T>, seed{1}};

    reuse_scene() { // every parameter is drawn, so that no gate is zero
        auto masters = model.host_masters();
        for (std::size_t i = 0; i < masters.size(); ++i)
            masters[i] += static_cast<accumulate_t<T>>(0.2 * static_cast<double>(philox{3, 9}.normal(i)));
        model.assign(masters);
    }
    latents sampled(sampling how, float threshold, decisions& made) {
        how.reuse = {.threshold = threshold, .seen = [&](int, double change, bool skipped) {
                         ++(skipped ? made.skipped : made.computed);
                         made.changes.push_back(change);
                     }};
        return sample_latents(model, labels{0, 2}, how);
    }
};

/// Under each sampler and guidance; `few`: under one of them, on devices that are emulated.
template <class Context, class T> void check_step_reuse(bool few = false) {
    reuse_scene<Context, T> s;
    constexpr int steps = 6, depth = reusing::depth;
    const double infinite = std::numeric_limits<double>::infinity();
    for (const any_sampler& sampler : {any_sampler(ddim{.steps = steps}), any_sampler(ddim{.steps = steps, .eta = 1}),
                                       any_sampler(dpm_solver_pp_2m{.steps = steps})})
        for (const float scale : {1.0f, 3.0f}) {
            if (few && (scale == 1 || sampler.at(std::vector<noise_level>{{0.6, 0.8}, {0.8, 0.6}}, 0).noise == 0))
                continue;
            const sampling how{.sampler = sampler, .guide = {.scale = scale}};
            const latents exact = sample_latents(s.model, labels{0, 2}, how);
            decisions off, careful, always, some;
            CHECK(s.sampled(how, 0, off) == exact);
            CHECK(off.changes.empty());

            CHECK(s.sampled(how, 1e-30f, careful) == exact); // every input moves: all is computed, to the last bit
            CHECK((careful.computed == steps * depth && careful.skipped == 0));
            std::vector<double> moved(careful.changes.begin() + depth, careful.changes.end());
            CHECK(std::vector<double>(careful.changes.begin(), careful.changes.begin() + depth) ==
                  std::vector<double>(depth, infinite)); // nothing is kept in the first step
            for (const double change : moved) CHECK((change > 1e-4 && change < 10));

            const latents frozen = s.sampled(how, 100, always);
            CHECK((always.computed == depth && always.skipped == (steps - 1) * depth));
            CHECK(frozen != exact);

            std::sort(moved.begin(), moved.end()); // at the middle of the changes some are skipped, and less is wrong
            const latents near = s.sampled(how, static_cast<float>(moved[moved.size() / 2]), some);
            CHECK((some.skipped > 0 && some.computed > depth));
            const auto apart = [&](const latents& of) {
                double sum = 0;
                for (std::size_t i = 0; i < of.values.size(); ++i)
                    sum += std::pow(static_cast<double>(of.values[i] - exact.values[i]), 2);
                return sum;
            };
            CHECK(apart(near) < apart(frozen));
        }
}

} // namespace walt::testing
