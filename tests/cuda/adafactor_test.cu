// Adafactor on the CUDA device: the golden files, and tensors of more than one piece against the reference.
#include "../catch.hpp"
#include "../train/adafactor_golden.hpp"

#include <walt/ops/cuda/adafactor.cuh>
#include <walt/ops/cuda/optimizer.cuh>
#include <walt/ops/cuda/pointwise.cuh>
#include <walt/ops/reference/adafactor.hpp>
#include <walt/ops/reference/optimizer.hpp>
#include <walt/ops/reference/pointwise.hpp>
#include <walt/testing/relative_error.hpp>

#include <limits>

namespace tests {
using namespace walt;
using namespace walt::testing;

/// More rows, columns and elements than one block walks over.
struct large_tensors {
    with_weight<parameter<role::matrix, init::xavier, 150, 130>> matrix;
    with_weight<parameter<role::table, init::normal, 3, 9000>> table;
    parameter<role::bias, init::normal, 70> bias;
    static constexpr void each(auto& self, auto&& visit) {
        visit("matrix", self.matrix);
        visit("table", self.table);
        visit("bias", self.bias);
    }
};

namespace {

template <class A> std::vector<A> gradient_of(std::int64_t n) {
    std::vector<A> flat(placed<large_tensors>.extent);
    for (const parameter_row& row : parameter_table<large_tensors>())
        for (std::size_t i = 0; i < row.size; ++i)
            flat[row.offset + i] = static_cast<A>(philox{9, static_cast<std::uint64_t>(n)}.normal(row.offset + i)) *
                                   (i % 7 ? A(1e-3) : A(1));
    return flat;
}
template <class Context, class T> std::vector<accumulate_t<T>> three_steps(Context& ctx, adafactor how) {
    using A = accumulate_t<T>;
    how.weight_decay = 0.1f;
    model<Context, large_tensors, T> one(ctx, seed{1});
    trainer train(one, given_gradient{}, how, training{.rate = {.warmup = 0, .total = 10, .floor = 1}});
    for (int step = 0; step < 3; ++step) train.step([](std::int64_t n) { return gradient_of<A>(n); });
    std::vector<A> poisoned = gradient_of<A>(7);
    poisoned[100] = std::numeric_limits<A>::quiet_NaN();
    const auto before = one.host_masters();
    CHECK(train.step([&](std::int64_t) { return poisoned; }).skipped);
    CHECK(one.host_masters() == before);
    return before;
}

} // namespace

TEST_CASE("cuda: Adafactor's six steps are those of the golden files", "[cuda][adafactor]") {
    CHECK(adafactor_error<walt::cuda::context, float>("adafactor_t5x", t5x()) < 1e-5);
    CHECK(adafactor_error<walt::cuda::context, bf16>("adafactor_t5x", t5x()) < 1e-5); // the masters are float
    CHECK(adafactor_error<walt::cuda::context, float>("adafactor_big_vision", big_vision()) < 1e-5);
}

TEST_CASE("cuda: Adafactor agrees with the reference on tensors of several blocks", "[cuda][adafactor]") {
    walt::cuda::context device;
    reference::context plain;
    for (const adafactor& how : {adafactor{}, adafactor::big_vision(0.01f)}) {
        const auto mine = three_steps<walt::cuda::context, bf16>(device, how);
        const auto exact = three_steps<reference::context, double>(plain, how);
        CHECK(relative_error(mine.data(), exact) < 1e-6);
        CHECK(mine == three_steps<walt::cuda::context, bf16>(device, how)); // to the last bit
    }
}

} // namespace tests
