// AdamW on the CUDA device against the reference.
#include "agreement.hpp"

#include <walt/ops/cuda/optimizer.cuh>
#include <walt/ops/reference/optimizer.hpp>

namespace tests {
using namespace walt;

namespace {

template <class T> struct operands {
    using A = accumulate_t<T>;
    static constexpr int all = 30, blocks = 21; // of the masters, and trained
    arena memory{allocate_host};
    view<A, dynamic> w = take(1, all), g = take(2, blocks), m = take(3, blocks), v = take(4, blocks),
                     average = take(5, all);
    view<T, dynamic> copy = normals(memory.take<T, dynamic>(64 * all), 6);
    view<trained_block, dynamic> places = (memory.take<trained_block, dynamic>(blocks));
    view<double, 1> squares = (memory.take<double, 1>());
    view<A, 1> scale = (memory.take<A, 1>());
    view<A, dynamic> losses = normals(memory.take<A, dynamic>(2), 7);

    view<A, dynamic> take(std::uint64_t stream, int count) {
        return normals(memory.take<A, dynamic>(64 * count), stream);
    }
    operands() {
        for (int b = 0; b < blocks; ++b) places(b) = {b % 5 == 2 ? -1 : (b * 7 + 3) % all, b % 2};
        for (int i = 0; i < 64 * blocks; ++i) v(i) *= v(i);
    }
    void numbers(auto&& visit) {
        visit(w), visit(g), visit(m), visit(v), visit(average), visit(copy), visit(squares), visit(losses);
    }
    void each(auto&& visit) { numbers(visit), visit(scale), visit(places); }
    void run(auto& ctx) {
        ops::sum_of_squares(ctx, g, squares);
        ops::gradient_scale(ctx, gradient_mean{20, 2}, squares.read(), losses.read(), scale);
        ops::adamw(ctx, adamw_update{1e-2, 0.9, 0.999, 1e-8, 0.1, 1 - 0.81, 1 - 0.998001}, places, scale.read(), w, g,
                   m, v, copy);
        A factor = 0;
        ctx.download(&factor, scale.data(), sizeof factor);
        if (!std::isnan(factor)) ops::average(ctx, 0.99, places, w.read(), average); // as a trainer's observer does
    }
};
/// What is compared: not the table, which has no numbers, and not the scale, which may be none.
template <class T> struct numbers_of {
    operands<T>& of;
    void each(auto&& visit) { of.numbers(visit); }
};

template <class T> void updates_agree() {
    walt::cuda::context device;
    reference::context plain;
    operands<T> mine;
    operands<double> theirs;
    testing::on_device(device, mine, [&](auto& o) { o.run(device); });
    theirs.run(plain);
    if (!std::is_same_v<T, float>)                    // float has no copy to keep
        for (int b = 0; b < operands<T>::blocks; ++b) // the reference in double has none either
            if (theirs.places(b).place >= 0)
                for (int i = theirs.places(b).place * 64, end = i + 64; i < end; ++i) theirs.copy(i) = theirs.w(i);
    numbers_of<T> one{mine};
    numbers_of<double> other{theirs};
    CAPTURE(dtype_name<T>());
    compare(one, other, 1e-6);
}

template <class T> double sum_of_squares(walt::cuda::context& device, const std::vector<T>& values) {
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
    walt::cuda::context device;
    for (const bool bad_loss : {true, false}) {
        operands<bf16> before, after;
        (bad_loss ? after.losses(1) : after.g(70)) = std::numeric_limits<float>::quiet_NaN();
        testing::on_device(device, after, [&](auto& o) { o.run(device); });
        after.g(70) = before.g(70);
        after.losses(1) = before.losses(1);
        CHECK_FALSE((!bad_loss && std::isfinite(after.squares(0))));
        CHECK(std::isnan(after.scale(0)));
        after.squares(0) = before.squares(0) = 1;
        numbers_of<bf16> one{after}, other{before};
        compare(one, other, 0);
    }
}

TEST_CASE("cuda: sums of squares agree with the host's, and have the same bits run after run", "[cuda][optimizer]") {
    walt::cuda::context device;
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

} // namespace tests
