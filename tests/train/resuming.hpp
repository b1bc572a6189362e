// A run that was stopped and goes on, on any device.
#pragma once

#include "../catch.hpp"
#include "../datasets/temporary_folder.hpp"
#include "tiny_denoiser.hpp"

#include <walt/train/trainer.hpp>
#include <walt/transformer/denoiser.hpp>

#include <fstream>

/// Six steps at once equal three, a saved state, and three more, bit for bit: weights, average, moments and counters.
template <class Context> void check_resuming() {
    using namespace walt;
    const temporary_folder states;
    Context ctx;
    const auto options = training{.rate = {.warmup = 2, .total = 8}, .accumulate = 2, .seed = seed{11}};
    denoiser at_once(ctx, tiny{}, compute<bf16>, seed{5});
    trainer whole(at_once, denoising{}, adamw{}, options);
    const auto folder = states.path / "whole", halves = states.path / "halves";
    CHECK(whole.run(tiny_batch, steps{6}, save_to{folder}));
    {
        denoiser model(ctx, tiny{}, compute<bf16>, seed{5});
        trainer half(model, denoising{}, adamw{}, options);
        CHECK(half.run(tiny_batch, steps{3}, save_to{halves}));
    }
    denoiser resumed(ctx, tiny{}, compute<bf16>, seed{999}); // another start, to be replaced by the state
    trainer rest(resumed, denoising{}, adamw{}, options);
    CHECK(rest.run(tiny_batch, steps{6}, save_to{halves}));
    CHECK(rest.step_count() == 6);
    CHECK(rest.position() == 12);
    CHECK(resumed.host_masters() == at_once.host_masters());
    CHECK(rest.ema().host_masters() == whole.ema().host_masters());
    std::ifstream a(folder / "state.safetensors", std::ios::binary), b(halves / "state.safetensors", std::ios::binary);
    const std::string first((std::istreambuf_iterator<char>(a)), {}), second((std::istreambuf_iterator<char>(b)), {});
    CHECK(first.size() > 1000);
    CHECK((first == second));
}
