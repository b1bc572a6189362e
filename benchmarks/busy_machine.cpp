// How much slower training becomes when other programs use the processors too. A step of the demo's denoiser is timed
// alone and beside processes that only spin, in turns, so that what else happens on the machine is in both.
// Fair is: beside one on two cores a step has two thirds of the machine, and takes 1.5 times as long.
#include "steps.hpp"

#include <walt/config/demo.hpp>
#include <walt/cpu.hpp>

#include <benchmark/benchmark.h>

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>

namespace {

/// Processes that spin while they are woken; they end with this object.
class spinning_processes {
  public:
    explicit spinning_processes(std::int64_t count) {
        for (; count > 0; --count) {
            const pid_t child = fork();
            if (child == 0) {
                prctl(PR_SET_PDEATHSIG, SIGKILL);
                for (std::atomic<int> i{0};;) ++i;
            }
            children_.push_back(child);
        }
        all(SIGSTOP);
    }
    ~spinning_processes() {
        all(SIGKILL);
        for (const pid_t child : children_) waitpid(child, nullptr, 0);
    }
    void all(int signal) const {
        for (const pid_t child : children_) kill(child, signal);
    }

  private:
    std::vector<pid_t> children_;
};

double median(std::vector<double> values) {
    std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
    return values[values.size() / 2];
}

template <class T> void training_step(benchmark::State& state) {
    using config = walt::presets::demo;
    constexpr int steps = 3; // in a turn; the first one warms up
    const spinning_processes others(state.range(0));
    static walt::cpu::context ctx;
    const auto batch = walt::benchmarks::drawn_batch<config>(16);
    walt::denoiser model(ctx, config{}, walt::compute<T>);
    walt::buffer<float> gradient(ctx, model.extent);
    std::vector<double> alone, beside;
    const auto turn = [&](std::vector<double>& times) {
        for (int i = 0; i < steps; ++i) {
            const auto begun = std::chrono::steady_clock::now();
            walt::loss_of(walt::denoising{}, model, batch, walt::gradients<float>{gradient.data()}, walt::philox{});
            if (i > 0) times.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count());
        }
    };
    for (auto _ : state) {
        turn(alone);
        others.all(SIGCONT);
        turn(beside);
        others.all(SIGSTOP);
    }
    state.counters["alone_ms"] = 1000 * median(alone);
    state.counters["beside_ms"] = 1000 * median(beside);
    state.counters["ratio"] = median(beside) / median(alone);
}

BENCHMARK(training_step<float>)->Arg(1)->Arg(2)->Iterations(10)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(training_step<walt::bf16>)->Arg(1)->Arg(2)->Iterations(10)->Unit(benchmark::kMillisecond)->UseRealTime();

} // namespace
