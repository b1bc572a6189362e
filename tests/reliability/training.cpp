// A training as users have them, but small: `training FOLDER STEPS EVERY [STATES]` goes on in FOLDER until STEPS are
// done and saves every so many. Its exit status is that of a good program: 0 when it is done, 128 and the signal's
// number when a signal stopped it, 1 and a sentence for a walt::error. STATES: a folder that gets the state of every
// step.
#include <walt/core/model.hpp>
#include <walt/io/weights.hpp>
#include <walt/ops/cpu/optimizer.hpp>
#include <walt/ops/cpu/pointwise.hpp>
#include <walt/train/early_stop.hpp>
#include <walt/train/ema.hpp>
#include <walt/train/json_log.hpp>
#include <walt/train/measures_log.hpp>
#include <walt/train/plot_every.hpp>
#include <walt/train/save_to.hpp>
#include <walt/train/tensorboard_log.hpp>
#include <walt/train/trainer.hpp>

#include <cstdlib>
#include <limits>
#include <optional>

using namespace walt;

namespace {

constexpr int inputs = 64, outputs = 48, rows = 4;

struct map {
    parameter<role::matrix, init::xavier, outputs, inputs> weight;
    parameter<role::bias, init::normal, outputs> bias;
    static constexpr void each(auto& self, auto&& visit) {
        visit("weight", self.weight);
        visit("bias", self.bias);
    }
    static constexpr void describe(auto&& field) { field("outputs", outputs); }
};

struct samples {
    std::vector<float> x, y;
};
/// Micro-batch n. The ninth is spoilt: a run that goes on must remember that it skipped a step.
samples samples_of(std::int64_t n) {
    const philox numbers{21, static_cast<std::uint64_t>(n)};
    samples made;
    for (std::uint64_t i = 0; i < rows * inputs; ++i) made.x.push_back(static_cast<float>(numbers.normal(i)));
    for (std::uint64_t i = 0; i < rows * outputs; ++i)
        made.y.push_back(static_cast<float>(numbers.normal(rows * inputs + i)));
    if (n == 9) made.y[0] = std::numeric_limits<float>::quiet_NaN();
    return made;
}

/// mean of (y - W (x + noise) - b)^2; adds its gradient.
struct squared_error {
    template <class Model, class A>
    void operator()(Model& model, const samples& batch, gradients<A> g, philox random, view<A, 1> result) const {
        const auto w = model.weights()(model.network().weight);
        const auto b = model.weights().exact(model.network().bias);
        const auto dw = g(model.network().weight);
        const auto db = g(model.network().bias);
        float loss = 0, x[inputs];
        for (int r = 0; r < rows; ++r) {
            for (int k = 0; k < inputs; ++k) {
                const auto at = static_cast<std::size_t>(r * inputs + k);
                x[k] = batch.x[at] + 0.1f * static_cast<float>(random.normal(at));
            }
            for (int o = 0; o < outputs; ++o) {
                float e = b(o) - batch.y[static_cast<std::size_t>(r * outputs + o)];
                for (int k = 0; k < inputs; ++k) e += static_cast<float>(w(o, k)) * x[k];
                loss += e * e / (rows * outputs);
                const float slope = 2 * e / (rows * outputs);
                db(o) += slope;
                for (int k = 0; k < inputs; ++k) dw(o, k) += slope * x[k];
            }
        }
        result(0) = loss;
    }
};

/// An observer that writes the state of every step to a folder.
struct every_state {
    std::optional<std::filesystem::path> folder;
    void after_step(auto& run) const {
        if (folder) write_state(*folder / std::to_string(run.trainer().step_count()), run);
    }
};

} // namespace

int main(int count, char** argument) try {
    require(count == 4 || count == 5, "training FOLDER STEPS EVERY [STATES], and not {} arguments", count - 1);
    const std::filesystem::path folder = argument[1];
    const std::int64_t until = std::atol(argument[2]), every = std::atol(argument[3]);
    cpu::context device;
    model<cpu::context, map, bf16> net(device, seed{5});
    trainer run(net, squared_error{}, adamw{.learning_rate = 1e-2f},
                {.rate = {.warmup = 5, .total = 100}, .accumulate = 2, .seed = seed{11}});
    ema average(net);
    const auto measured = [&] {
        double sum = 0;
        for (const float weight : average.model().host_masters()) sum += static_cast<double>(weight);
        return named_numbers{{"sum of the average's weights", sum}};
    };
    if (!run.run(samples_of, steps{until}, average, early_stop({.window = 7, .windows = 1000}), save_to{folder, every},
                 json_log{folder / "lines.json"}, tensorboard_log{folder},
                 measures_log{folder / "measured.csv", 5, measured}, plot_every{5, folder, "a small training"},
                 every_state{count > 4 ? std::optional<std::filesystem::path>(argument[4]) : std::nullopt}))
        return exit_status();
    save_weights<bf16>(folder / "weights.safetensors", average.model());
} catch (const error& problem) {
    fmt::print(stderr, "{}\n", problem.what());
    return 1;
}
