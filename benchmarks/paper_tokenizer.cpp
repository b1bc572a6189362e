// A training step of the paper's tokenizer (370 M parameters), from nothing: the model is made, too. Rematerialised:
// seconds, peak memory of this process (VmHWM), and the share of it that is the arena's.
#include "process_memory.hpp"

#include <walt/cpu.hpp>
#include <walt/tokenizer/memory_plan.hpp>
#include <walt/tokenizer/reconstruction.hpp>
#include <walt/train/trainer.hpp>

#include <benchmark/benchmark.h>

namespace {

using namespace walt::benchmarks;
using config = walt::presets::walt_tokenizer;

/// One step, optimizer and all, on one clip of so many frames, height and width.
void training_step(benchmark::State& state) {
    walt::clips clip{.shape = {1, state.range(0), state.range(1), state.range(1)}};
    clip.pixels.resize(static_cast<std::size_t>(clip.shape.size()));
    for (std::size_t i = 0; i < clip.pixels.size(); ++i) clip.pixels[i] = 2 * walt::philox{1, 1}.uniform(i) - 1;
    const auto source = [&](std::int64_t) -> const walt::clips& { return clip; };
    for (auto _ : state) {
        forget_peak();
        walt::cpu::context device;
        walt::tokenizer model(device, config{}, walt::compute<walt::bf16>, walt::seed{1});
        walt::trainer trainer(model, walt::reconstruction{.keep = walt::activations::rematerialise}, walt::adamw{});
        const walt::step_result result = trainer.step(source);
        if (result.skipped) state.SkipWithError("the step was skipped");
        state.counters["loss"] = static_cast<double>(result.loss);
        state.counters["peak_GB"] = process_memory("VmHWM") * 1e-9;
        state.counters["arena_GB"] = static_cast<double>(device.arena.peak()) * 1e-9;
    }
}
BENCHMARK(training_step)
    ->Args({1, 128})
    ->Args({5, 64})
    ->Args({5, 128})
    ->Args({17, 128})
    ->Iterations(1)
    ->Unit(benchmark::kSecond);

/// What a training step on one clip of 128 x 128 needs in memory, rematerialised, in chunks of so many latent frames;
/// 0: the clip whole. By the meta device, in no time.
void plan(benchmark::State& state) {
    const walt::reconstruction objective{.keep = walt::activations::rematerialise,
                                         .chunk = static_cast<int>(state.range(1))};
    for (auto _ : state) {
        const walt::training_memory needed =
            walt::memory_plan(config{}, walt::compute<walt::bf16>, objective, {1, state.range(0), 128, 128});
        state.counters["arena_GB"] = static_cast<double>(needed.arena) * 1e-9;
        state.counters["histories_GB"] = static_cast<double>(needed.histories) * 1e-9;
        state.counters["in_all_GB"] = static_cast<double>(needed.on_host()) * 1e-9;
    }
}
BENCHMARK(plan)->ArgsProduct({{257, 1025}, {0, 16, 8, 4, 2, 1}})->Iterations(1)->Unit(benchmark::kSecond);

} // namespace
