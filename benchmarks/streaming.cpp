// What a stream costs: peak memory of this process (VmHWM) and seconds, for the demo's tokenizer on 64 x 64 pixels that
// come 16 at a time, are encoded, decoded and forgotten. The peak must not grow with the number of frames. Ask for one
// at a time (--benchmark_filter=/1025), since a process keeps some of what it has freed.
#include "process_memory.hpp"

#include <walt/config/demo.hpp>
#include <walt/cpu.hpp>
#include <walt/tokenizer/memory_plan.hpp>
#include <walt/tokenizer/streaming.hpp>

#include <benchmark/benchmark.h>

#include <algorithm>
#include <string>

namespace {

using namespace walt::benchmarks;

using config = walt::presets::demo_tokenizer;

void streaming(benchmark::State& state) {
    const std::int64_t frames = state.range(0);
    const walt::streaming how{.scale = walt::latent_scale::raw};
    for (auto _ : state) {
        walt::cpu::context device;
        const walt::tokenizer tokenizer(device, config{}, walt::compute<float>, walt::seed{1});
        const auto plan =
            walt::memory_plan(config{}, walt::compute<float>, {.count = 1, .height = 64, .width = 64}, how);
        const std::size_t arena = std::max(plan.encode.arena, plan.decode.arena);
        device.arena.reserve(arena);
        walt::encode_stream encoder(tokenizer, how);
        walt::decode_stream decoder(tokenizer, how);
        std::int64_t decoded = 0;
        for (std::int64_t at = 0, some = 1; at < frames; at += some, some = 16) {
            walt::clips part{.shape = {1, some, 64, 64}};
            part.pixels.resize(static_cast<std::size_t>(part.shape.size()));
            for (std::size_t i = 0; i < part.pixels.size(); ++i)
                part.pixels[i] = walt::philox{1, static_cast<std::uint64_t>(at)}.uniform(i) * 2 - 1;
            if (const auto z = encoder.next(part)) decoded += decoder.next(*z).shape.frames;
        }
        if (decoded != frames) state.SkipWithError("not all frames came back");
        state.counters["peak_MB"] = process_memory("VmHWM") * 1e-6;
        state.counters["weights_MB"] = static_cast<double>(tokenizer.extent * sizeof(float)) * 1e-6;
        state.counters["arena_MB"] = static_cast<double>(device.arena.peak()) * 1e-6;
        state.counters["kept_MB"] = static_cast<double>(encoder.bytes() + decoder.bytes()) * 1e-6;
        state.counters["planned_MB"] = static_cast<double>(arena + plan.encode.kept + plan.decode.kept) * 1e-6;
    }
}
BENCHMARK(streaming)->Arg(17)->Arg(257)->Arg(1025)->Iterations(1)->Unit(benchmark::kSecond);

} // namespace
