// A model small enough to train by hand: y = x W^T + b, and its squared error as an objective.
#pragma once

#include <walt/core/model.hpp>
#include <walt/train/trainer.hpp>

namespace walt::testing {

/// W and b train, `scale` is a statistic that never moves. It describes itself, so files know it again.
template <int Version = 1> struct regression {
    parameter<role::matrix, init::xavier, 5, 3> weight;
    parameter<role::bias, init::normal, 5> bias;
    statistic<init::one, 7> scale;
    static constexpr void each(auto& self, auto&& visit) {
        visit("weight", self.weight);
        visit("bias", self.bias);
        visit("scale", self.scale);
    }
    static constexpr void describe(auto&& field) {
        field("outputs", 5);
        field("version", Version);
    }
};

template <class Context, class T, int Version = 1> using regressor = model<Context, regression<Version>, T>;

/// Rows of x [R, 3] and y [R, 5].
struct rows {
    std::vector<double> x, y;
};
inline rows rows_of(std::int64_t n, int count = 4) {
    rows made;
    const philox numbers{21, static_cast<std::uint64_t>(n)};
    for (int r = 0; r < count; ++r) {
        for (int k = 0; k < 3; ++k)
            made.x.push_back(static_cast<double>(numbers.normal(static_cast<std::uint64_t>(r * 8 + k))));
        for (int o = 0; o < 5; ++o)
            made.y.push_back(static_cast<double>(numbers.normal(static_cast<std::uint64_t>(r * 8 + 3 + o))));
    }
    return made;
}

/// mean over rows and outputs of (y - W (x + noise) - b)^2; adds its gradient.
struct squared_error {
    double noise = 0;
    template <class Model, class A>
    void operator()(Model& model, const rows& batch, gradients<A> g, philox random, view<A, 1> result) const {
        const auto& net = model.network();
        const auto w = model.weights()(net.weight);
        const auto b = model.weights().exact(net.bias);
        const auto dw = g(net.weight);
        const auto db = g(net.bias); // empty where the run does not train them
        const std::size_t count = batch.x.size() / 3;
        double loss = 0;
        for (std::size_t r = 0; r < count; ++r) {
            double x[3];
            for (std::size_t k = 0; k < 3; ++k)
                x[k] = batch.x[r * 3 + k] + noise * static_cast<double>(random.normal(r * 3 + k));
            for (int o = 0; o < 5; ++o) {
                double e = static_cast<double>(b(o)) - batch.y[r * 5 + static_cast<std::size_t>(o)];
                for (int k = 0; k < 3; ++k) e += static_cast<double>(static_cast<A>(w(o, k))) * x[k];
                loss += e * e / static_cast<double>(5 * count);
                if (db.data()) db(o) += static_cast<A>(2 * e / static_cast<double>(5 * count));
                for (int k = 0; k < 3 && dw.data(); ++k)
                    dw(o, k) += static_cast<A>(2 * e * x[k] / static_cast<double>(5 * count));
            }
        }
        result(0) = static_cast<A>(loss);
    }
};

} // namespace walt::testing
