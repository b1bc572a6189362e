// Twenty steps of training, to be done alike on two devices whose code needs two compilers.
#pragma once

#include "../train/tiny_denoiser.hpp"

#include <walt/train/trainer.hpp>
#include <walt/transformer/denoiser.hpp>

/// The masters before and after.
struct training_course {
    std::vector<float> before, after;
};
template <class Context> training_course train_twenty_steps(Context& ctx) {
    walt::denoiser model(ctx, tiny{}, walt::compute<float>, walt::seed{3});
    walt::trainer train(model, walt::denoising{}, walt::adamw{.learning_rate = 1e-3f},
                        walt::training{.rate = {.warmup = 5, .total = 20}});
    training_course course{model.host_masters(), {}};
    for (int step = 0; step < 20; ++step) train.step(tiny_batch);
    course.after = model.host_masters();
    return course;
}

training_course train_on_cpu();
