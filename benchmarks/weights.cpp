// What a model out of a file costs: peak memory of this process (VmHWM, without the file's pages in the system's cache)
// and seconds, for the 3.1 B preset with random weights in bf16, resident for inference and mapped. The file, 6.2 GB,
// is written to the folder of temporary files, tensor by tensor, and removed at the end. It fails where constructing a
// model takes more than 1.15 of its file resident, or 2 GB mapped.
#include "process_memory.hpp"
#include "steps.hpp"

#include <walt/config/presets.hpp>
#include <walt/cpu.hpp>
#include <walt/io/mapped.hpp>
#include <walt/transformer/denoiser.hpp>

#include <benchmark/benchmark.h>

#include <cstdio>
#include <filesystem>
#include <string>
#include <system_error>

namespace {

using namespace walt::benchmarks;

using config = walt::presets::cascade_base;
using network = walt::transformer<config>;
struct stored_model {
    using config_type = config;
}; // what the file says of itself

/// The preset's file, with numbers that are quick to draw.
class random_file {
  public:
    random_file() {
        walt::safetensors_writer file;
        walt::write_config<stored_model>(file);
        std::uint64_t state = 1;
        for (const walt::parameter_row& row : walt::parameter_table<network>())
            file.add(row.name, "BF16", row.shape, [&](const walt::safetensors_writer::write& write) {
                std::vector<walt::bf16> piece(std::min<std::size_t>(row.size, std::size_t{1} << 20));
                for (std::size_t at = 0; at < row.size; at += piece.size()) {
                    piece.resize(std::min(piece.size(), row.size - at));
                    for (walt::bf16& x : piece) {
                        state = state * 6364136223846793005u + 1442695040888963407u;
                        x = walt::bf16(0.04f * (static_cast<float>(state >> 40) * 0x1p-24f - 0.5f));
                    }
                    write(std::as_bytes(std::span(piece)));
                }
            });
        file.save(path);
    }
    ~random_file() {
        std::error_code ignored;
        std::filesystem::remove(path, ignored);
    }

    const std::filesystem::path path = std::filesystem::temp_directory_path() / "walt_benchmark_weights.safetensors";
};

/// Constructs the model and asks it once about one video.
template <class Source> void out_of_a_file(benchmark::State& state, bool forward) {
    static const random_file file;
    const double bytes = static_cast<double>(std::filesystem::file_size(file.path));
    for (auto _ : state) {
        forget_peak();
        walt::cpu::context device;
        const walt::denoiser model(device, config{}, walt::compute<walt::bf16>, Source(file.path));
        const double constructed = process_memory("VmHWM");
        if (constructed > (std::is_same_v<Source, walt::mapped_weights> ? 2e9 : 1.15 * bytes))
            state.SkipWithError("constructing the model takes more memory than docs/design.md says");
        if (forward) {
            const walt::arena::scope scope(device.arena);
            const auto input = walt::benchmarks::drawn_input<config>(device, 1);
            model.predict(input, device.arena.take<float, walt::dynamic, config::frames, config::height, config::width,
                                                   config::channels>(1));
        }
        state.counters["constructed_GB"] = constructed * 1e-9;
        state.counters["peak_GB"] = process_memory("VmHWM") * 1e-9;
        state.counters["of_the_file"] = process_memory("VmHWM") / bytes;
    }
    state.counters["file_GB"] = bytes * 1e-9;
}

template <class Source> void constructed(benchmark::State& state) { out_of_a_file<Source>(state, false); }
template <class Source> void and_a_pass(benchmark::State& state) { out_of_a_file<Source>(state, true); }

BENCHMARK_TEMPLATE(constructed, walt::mapped_weights)->Iterations(1)->Unit(benchmark::kSecond);
BENCHMARK_TEMPLATE(and_a_pass, walt::mapped_weights)->Iterations(1)->Unit(benchmark::kSecond);
BENCHMARK_TEMPLATE(constructed, walt::weights_file)->Iterations(1)->Unit(benchmark::kSecond);
BENCHMARK_TEMPLATE(and_a_pass, walt::weights_file)->Iterations(1)->Unit(benchmark::kSecond);

} // namespace
