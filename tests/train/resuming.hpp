// A run that was stopped and goes on, on any device.
#pragma once

#include "../catch.hpp"
#include "../datasets/temporary_folder.hpp"
#include "tiny_denoiser.hpp"

#include <walt/train/ema.hpp>
#include <walt/train/save_to.hpp>
#include <walt/train/trainer.hpp>
#include <walt/transformer/denoiser.hpp>

#include <fstream>

/// Six steps at once equal three, a saved state, and three more, bit for bit: weights, average, the optimizer's state
/// and counters.
template <class Context, class Optimizer>
void check_resuming(const Optimizer& optimizer, const walt::only& train = {}) {
    using namespace walt;
    const temporary_folder states;
    Context ctx;
    const auto options = training{.rate = {.warmup = 2, .total = 8}, .train = train, .accumulate = 2, .seed = seed{11}};
    denoiser at_once(ctx, tiny{}, compute<bf16>, seed{5});
    trainer whole(at_once, denoising{}, optimizer, options);
    ema whole_average(at_once);
    const auto folder = states.path / "whole", halves = states.path / "halves";
    CHECK(whole.run(tiny_batch, steps{6}, whole_average, save_to{folder}));
    {
        denoiser model(ctx, tiny{}, compute<bf16>, seed{5});
        trainer half(model, denoising{}, optimizer, options);
        ema average(model);
        CHECK(half.run(tiny_batch, steps{3}, average, save_to{halves}));
    }
    denoiser resumed(ctx, tiny{}, compute<bf16>, seed{999}); // another start, to be replaced by the state
    trainer rest(resumed, denoising{}, optimizer, options);
    ema average(resumed);
    CHECK(rest.run(tiny_batch, steps{6}, average, save_to{halves}));
    CHECK(rest.step_count() == 6);
    CHECK(rest.position() == 12);
    CHECK(resumed.host_masters() == at_once.host_masters());
    CHECK(average.model().host_masters() == whole_average.model().host_masters());
    std::ifstream a(folder / "state.safetensors", std::ios::binary), b(halves / "state.safetensors", std::ios::binary);
    const std::string first((std::istreambuf_iterator<char>(a)), {}), second((std::istreambuf_iterator<char>(b)), {});
    CHECK(first.size() > 1000);
    CHECK((first == second));
}
