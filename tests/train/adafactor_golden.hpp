// The tensors of the golden files of Adafactor, and how far a device's six steps are off.
#pragma once

#include <walt/core/model.hpp>
#include <walt/testing/golden.hpp>
#include <walt/train/adafactor.hpp>
#include <walt/train/trainer.hpp>

namespace walt::testing {

template <class Weight> struct with_weight {
    Weight weight;
    static constexpr void each(auto& self, auto&& visit) { visit("weight", self.weight); }
};

/// A matrix that is factored, one too narrow for it, a kernel and a bias.
struct adafactor_tensors {
    with_weight<parameter<role::matrix, init::xavier, 40, 36>> matrix;
    with_weight<parameter<role::matrix, init::xavier, 6, 48>> narrow;
    with_weight<walt::kernel<init::xavier, 4, 3, 3, 3, 3>> kernel;
    parameter<role::bias, init::normal, 17> bias;
    static constexpr void each(auto& self, auto&& visit) {
        visit("matrix", self.matrix);
        visit("narrow", self.narrow);
        visit("kernel", self.kernel);
        visit("bias", self.bias);
    }
};

inline adafactor t5x() { return {.learning_rate = 0.01f, .factor_from = 16}; }
inline adafactor big_vision() { return adafactor::big_vision(0.01f); }

/// The batch is the gradient, in host memory and the model's layout.
struct given_gradient {
    template <class Model, class A>
    void operator()(Model& model, const std::vector<A>& batch, gradients<A> g, philox, view<A, 1> loss) const {
        const A one = 1;
        model.context().upload(g.data, batch.data(), batch.size() * sizeof(A));
        model.context().upload(loss.data(), &one, sizeof one);
    }
};

/// The largest error of a tensor after one of the file's steps.
template <class Context, class T> double adafactor_error(const char* name, const adafactor& how) {
    using A = accumulate_t<T>;
    const golden_file golden(std::string(WALT_TEST_DATA) + "/golden/recipe/" + name + ".safetensors");
    Context ctx;
    model<Context, adafactor_tensors, T> one(ctx, seed{1});
    one.assign(golden.parameters<adafactor_tensors, A>());
    trainer train(one, given_gradient{}, how, training{.rate = {.warmup = 0, .total = 10, .floor = 1}, .clip = 1e9f});
    double worst = 0;
    const auto in_file = [&](const char* what, std::int64_t step, const parameter_row& row) {
        return fmt::format("{}.{}.{}", what, step, row.name);
    };
    for (std::int64_t step = 0; step < 6; ++step) {
        train.step([&](std::int64_t n) {
            std::vector<A> flat(one.extent);
            for (const parameter_row& row : one.table()) {
                const auto stored = golden.values<A>(in_file("grad", n, row), row.shape);
                for (std::size_t i = 0; i < row.size; ++i) flat[row.offset + i] = stored[place_in_file(row, i)];
            }
            return flat;
        });
        const std::vector<A> flat = one.host_masters();
        for (const parameter_row& row : one.table()) {
            std::vector<A> mine(row.size);
            for (std::size_t i = 0; i < row.size; ++i) mine[place_in_file(row, i)] = flat[row.offset + i];
            worst = std::max(worst, golden.output_error(in_file("after", step, row), mine.data()));
        }
    }
    return worst;
}

} // namespace walt::testing
