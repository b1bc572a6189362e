// One denoising step of every stage of the paper's cascade, 17 x 128 x 224, 256 x 448 and 512 x 896, with random
// weights in bf16, all three in memory: seconds of each stage, peak memory of this process (VmHWM), and what the meta
// device says of a clip of 50 guided steps a stage. A minute and more of two cores, and 10 GB.
#include "process_memory.hpp"

#include <walt/config/presets.hpp>
#include <walt/cpu.hpp>
#include <walt/diffusion/cascade.hpp>
#include <walt/diffusion/cascade_cost.hpp>
#include <walt/text/word_vectors.hpp>

#include <benchmark/benchmark.h>

#include <chrono>

namespace {

using namespace walt::benchmarks;
namespace presets = walt::presets;

/// Numbers that are quick to draw, for any model.
struct random_weights {
    using storage = walt::inference;
    template <class Model, class Memory> void fill(Model& model, Memory&) const {
        std::uint64_t state = 1;
        std::vector<typename Model::master_type> values;
        for (const walt::parameter_row& row : model.table()) {
            values.resize(row.size);
            for (auto& x : values) {
                state = state * 6364136223846793005u + 1442695040888963407u;
                x = 0.04f * (static_cast<float>(state >> 40) * 0x1p-24f - 0.5f);
            }
            model.set(row, values);
        }
    }
};
/// Latents are not decoded here.
struct no_tokenizer {
    using config_type = presets::walt_tokenizer;
    no_tokenizer() = default;
    no_tokenizer(walt::same_memory, const no_tokenizer&) {}
};

void one_step_a_stage(benchmark::State& state) {
    for (auto _ : state) {
        forget_peak();
        walt::cpu::context device;
        const auto model = [&](auto config) {
            return walt::denoiser(device, config, walt::compute<walt::bf16>, random_weights{});
        };
        const auto base = model(presets::cascade_base_wide{});
        const auto twice = model(presets::cascade_256x448{});
        const auto four_times = model(presets::cascade_512x896{});
        state.counters["weights_GB"] = process_memory("VmRSS") * 1e-9;

        const no_tokenizer tokens;
        const walt::word_vectors text(presets::text_to_video::text_dim, presets::text_to_video::text_tokens);
        auto begun = std::chrono::steady_clock::now();
        const auto timed = [&](const char* name) {
            return walt::sampling{.sampler = walt::ddim{.steps = 1}, .seen = [&state, &begun, name](int) {
                                      const auto now = std::chrono::steady_clock::now();
                                      state.counters[name] = std::chrono::duration<double>(now - begun).count();
                                      begun = now;
                                  }};
        };
        const walt::cascade all(walt::stage{base, tokens, timed("seconds_128x224")},
                                walt::stage{twice, tokens, timed("seconds_256x448")},
                                walt::stage{four_times, tokens, timed("seconds_512x896")});
        const auto made = all.latents_of_all(walt::told(text, walt::prompts{"a red sneaker moving left"}), {});
        for (const float one : made.back().values)
            if (!std::isfinite(one)) state.SkipWithError("a latent is not finite");
        state.counters["peak_GB"] = process_memory("VmHWM") * 1e-9;
        state.counters["arena_GB"] = static_cast<double>(device.arena.peak()) * 1e-9;
    }
}
BENCHMARK(one_step_a_stage)->Iterations(1)->Unit(benchmark::kSecond);

/// What a clip costs, by the meta device, in no time: 50 guided steps a stage, and the last stage's latents decoded.
void cost_of_a_clip(benchmark::State& state) {
    for (auto _ : state) {
        const walt::cascade_cost cost = walt::cost_of(presets::paper_cascade{}, walt::compute<walt::bf16>);
        const char* const stages[] = {"step_128x224_TFLOP", "step_256x448_TFLOP", "step_512x896_TFLOP"};
        for (std::size_t k = 0; k < cost.step.size(); ++k) state.counters[stages[k]] = cost.step[k].flops * 1e-12;
        state.counters["decode_TFLOP"] = cost.decode.flops * 1e-12;
        state.counters["parameters_M"] = static_cast<double>(cost.whole.parameters) * 1e-6;
        state.counters["clip_TFLOP"] = cost.whole.flops * 1e-12;
        state.counters["clip_TB"] = cost.whole.bytes * 1e-12;
    }
}
BENCHMARK(cost_of_a_clip)->Iterations(1)->Unit(benchmark::kSecond);

} // namespace
