// AdamW on the CUDA device against the reference.
#include "agreement.hpp"

#include <walt/ops/cuda/optimizer.cuh>
#include <walt/ops/reference/optimizer.hpp>

using namespace walt;

namespace {

template <class T> struct operands {
    using A = accumulate_t<T>;
    static constexpr int blocks = 21;
    arena memory{allocate_host};
    view<A, dynamic> w = take(1), g = take(2), m = take(3), v = take(4), average = take(5);
    view<T, dynamic> copy = normals(memory.take<T, dynamic>(64 * blocks), 6);
    view<std::uint8_t, dynamic> kinds = (memory.take<std::uint8_t, dynamic>(blocks));
    view<double, 1> squares = (memory.take<double, 1>());
    view<A, dynamic> losses = normals(memory.take<A, dynamic>(2), 7);

    view<A, dynamic> take(std::uint64_t stream) { return normals(memory.take<A, dynamic>(64 * blocks), stream); }
    operands() {
        for (int b = 0; b < blocks; ++b) kinds(b) = static_cast<std::uint8_t>(b % 3);
        for (int i = 0; i < 64 * blocks; ++i) v(i) *= v(i);
    }
    void each(auto&& visit) {
        visit(w), visit(g), visit(m), visit(v), visit(average), visit(copy), visit(kinds), visit(squares),
            visit(losses);
    }
    void run(auto& ctx) {
        ops::sum_of_squares(ctx, g, squares);
        ops::adamw(ctx, adamw_update{1e-2, 0.9, 0.999, 1e-8, 0.1, 1 - 0.81, 1 - 0.998001, 20, 2, 0.99}, kinds,
                   squares.read(), losses.read(), w, g, m, v, average, copy);
    }
};

template <class T> void updates_agree() {
    cuda::context device;
    reference::context plain;
    operands<T> mine;
    operands<double> theirs;
    testing::on_device(device, mine, [&](auto& o) { o.run(device); });
    theirs.run(plain);
    if (std::is_same_v<T, bf16>)
        std::copy_n(theirs.w.data(), theirs.w.size(), theirs.copy.data()); // float has no copy to keep
    CAPTURE(dtype_name<T>());
    compare(mine, theirs, 1e-6);
}

template <class T> double sum_of_squares(cuda::context& device, const std::vector<T>& values) {
    const buffer<T> there(device, values.size());
    const buffer<double> sum(device, 1);
    device.upload(there.data(), values.data(), values.size() * sizeof(T));
    ops::sum_of_squares(device, there.all(), view<double, 1>(sum.data()));
    double squares = -1;
    device.download(&squares, sum.data(), sizeof squares);
    return squares;
}

} // namespace

TEST_CASE("cuda: AdamW agrees with the reference, block by block", "[cuda][optimizer]") {
    updates_agree<float>();
    updates_agree<bf16>();
}

TEST_CASE("cuda: a step that is not finite changes nothing", "[cuda][optimizer]") {
    cuda::context device;
    for (const bool bad_loss : {true, false}) {
        operands<bf16> before, after;
        (bad_loss ? after.losses(1) : after.g(70)) = std::numeric_limits<float>::quiet_NaN();
        testing::on_device(device, after, [&](auto& o) { o.run(device); });
        after.g(70) = before.g(70);
        after.losses(1) = before.losses(1);
        CHECK_FALSE((!bad_loss && std::isfinite(after.squares(0))));
        after.squares(0) = before.squares(0) = 1;
        compare(after, before, 0);
    }
}

TEST_CASE("cuda: sums of squares agree with the host's, and have the same bits run after run", "[cuda][optimizer]") {
    cuda::context device;
    for (const std::size_t count : {0, 1, 1000, 300'001}) { // the last: more than the blocks' threads
        std::vector<float> values(count);
        testing::fill_normal(values, 1, 100);
        double expected = 0;
        for (const float v : values) expected += static_cast<double>(v) * static_cast<double>(v);
        const double found = sum_of_squares(device, values);
        CHECK(std::abs(found - expected) <= 1e-12 * expected);
        CHECK(found == sum_of_squares(device, values));
    }
}
