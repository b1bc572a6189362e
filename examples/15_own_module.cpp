// A module of your own, and all that walt has for its own: it is trained, stopped, resumed, saved and loaded, and
// nothing in walt knows it. A classifier of points by the ring that they lie in.
#include <walt/cpu.hpp>
#include <walt/nn/linear.hpp>
#include <walt/train/checkpoint.hpp>
#include <walt/train/checkpoints.hpp>
#include <walt/train/trainer.hpp>

#include <fmt/core.h>

#include <cmath>
#include <filesystem>

struct points {
    std::vector<float> at, answer; ///< [N, 2], and [N, 3]: 1 for the ring that the point lies in, else 0
};

// [module]
struct classifier { // points [N, 2] to answers [N, 3]
    walt::nn::linear<2, 32> inner;
    walt::nn::linear<32, 3> outer;
    static constexpr void each(auto& self, auto&& visit) { visit("inner", self.inner), visit("outer", self.outer); }
    static constexpr void describe(auto&& field) { field("classes", 3), field("hidden", 32); }

    struct saved {
        walt::view<float, walt::dynamic, 32> sum, active; // before and after GELU
        saved(walt::arena& from, std::int64_t n)
            : sum(from.take<float, walt::dynamic, 32>(n)), active(from.take<float, walt::dynamic, 32>(n)) {}
    };
    void forward(auto& ctx, const auto& w, auto x, auto y, const saved& keep) const {
        inner.forward(ctx, w, x, keep.sum);
        walt::ops::activate<walt::activation::gelu>(ctx, keep.sum, keep.active);
        outer.forward(ctx, w, keep.active, y);
    }
    void backward(auto& ctx, const auto& w, auto x, const saved& keep, auto dy, const auto& g) const {
        outer.backward_parameters(ctx, keep.active, dy, g);
        outer.backward_input(ctx, w, dy, keep.active); // the gradient takes the place of what is used no more
        walt::ops::activate_grad<walt::activation::gelu>(ctx, keep.sum, keep.active, keep.active);
        inner.backward_parameters(ctx, x, keep.active, g);
    }
};

struct square_error { // the objective
    void operator()(auto& model, const points& batch, auto g, walt::philox, auto loss) const {
        auto& ctx = model.context();
        const walt::arena::scope scope(ctx.arena);
        const auto n = static_cast<std::int64_t>(batch.at.size() / 2);
        const walt::view<float, walt::dynamic, 2> x(walt::to_device<float>(ctx, batch.at).data(), n);
        const walt::view<float, walt::dynamic, 3> answer(walt::to_device<float>(ctx, batch.answer).data(), n);
        const auto y = ctx.arena.template take<float, walt::dynamic, 3>(n);
        const auto one = walt::to_device<float>(ctx, std::vector<float>{1});
        const classifier::saved keep(ctx.arena, n);
        model.network().forward(ctx, model.weights(), x, y, keep);
        walt::ops::square_error(ctx, y, answer, one, loss, y); // y becomes its gradient
        model.network().backward(ctx, model.weights(), x, keep, y, g);
    }
};
// [/module]
using ring_model = walt::model<walt::cpu::context, classifier, float>;

points ring_points(std::int64_t n) {
    points batch;
    const walt::philox numbers{3, static_cast<std::uint64_t>(n)};
    for (std::uint64_t i = 0; i < 64; ++i) {
        const int ring = static_cast<int>(numbers.below(4 * i, 3));
        const float turn = 6.2832f * numbers.uniform(4 * i + 1),
                    radius = static_cast<float>(ring) + 0.6f * numbers.uniform(4 * i + 2);
        batch.at.insert(batch.at.end(), {radius * std::cos(turn), radius * std::sin(turn)});
        for (int c = 0; c < 3; ++c) batch.answer.push_back(c == ring ? 1.0f : 0.0f);
    }
    return batch;
}

double share_right(ring_model& of) {
    auto& ctx = of.context();
    const walt::arena::scope scope(ctx.arena);
    const points batch = ring_points(-1);
    const walt::view<float, walt::dynamic, 2> x(walt::to_device<float>(ctx, batch.at).data(), 64);
    const auto y = ctx.arena.take<float, walt::dynamic, 3>(64);
    of.network().forward(ctx, of.weights(), x, y, classifier::saved(ctx.arena, 64));
    int right = 0;
    for (std::int64_t i = 0; i < 64; ++i) {
        const float* const row = y.data() + 3 * i;
        right += batch.answer[static_cast<std::size_t>(3 * i + (std::max_element(row, row + 3) - row))] > 0;
    }
    return right / 64.0;
}

int main() try {
    walt::cpu::context device;
    const walt::adamw optimizer{.learning_rate = 1e-2f};
    ring_model whole(device, walt::seed{1});
    bool done = walt::trainer(whole, square_error{}, optimizer).run(ring_points, walt::steps{600});
    for (const std::int64_t until : {300, 600}) { // the second run goes on where the first one's checkpoint is
        ring_model part(device, walt::seed{1});
        done = done && walt::trainer(part, square_error{}, optimizer)
                           .run(ring_points, walt::steps{until}, walt::checkpoints{"classifier"});
        walt::save_weights<float>("classifier/weights.safetensors", part);
    }
    ring_model loaded(device, walt::seed{9});
    walt::load_weights("classifier/weights.safetensors", loaded);
    const bool same = loaded.host_masters() == whole.host_masters();
    fmt::print("{:.0f} % of new points are told right; stopped and resumed is {}\n", 100 * share_right(loaded),
               same ? "the same to the last bit" : "another");
    return done && same && share_right(loaded) > 0.9 ? 0 : 1;
} catch (const std::exception& problem) {
    fmt::print(stderr, "{}\n", problem.what());
    return 1;
}
