// Modulated layer norm and gated residual: finite differences, the fast loops against the plain ones, closed forms, and
// bits that do not depend on the number of threads.
#include "../catch.hpp"
#include "operands.hpp"

#include <walt/ops/cpu/modulated_norm.hpp>
#include <walt/testing/golden.hpp>

using namespace walt;

namespace {

/// Three frames of `PerFrame` tokens; the norm uses chunks 1 and 2 of five, the gate chunk 3.
template <class T, int D, int PerFrame> struct operands {
    using A = accumulate_t<T>;
    static constexpr int frames = 3, rows = frames * PerFrame, M = 5 * D;
    arena memory{allocate_host};
    view<A, dynamic, D> h = normals(memory.take<A, dynamic, D>(rows), 1, 0.7, 3); // a mean far from zero
    view<A, dynamic, D> dh = normals(memory.take<A, dynamic, D>(rows), 2), h_next = memory.take<A, dynamic, D>(rows);
    view<A, dynamic, M> modulation = normals(memory.take<A, dynamic, M>(frames), 3, 0.5),
                        dmodulation = normals(memory.take<A, dynamic, M>(frames), 4);
    view<T, dynamic, D> y = memory.take<T, dynamic, D>(rows), dy = normals(memory.take<T, dynamic, D>(rows), 5);
    view<T, dynamic, D> branch = normals(memory.take<T, dynamic, D>(rows), 6),
                        dbranch = memory.take<T, dynamic, D>(rows);

    void norm(auto& ctx) { ops::modulated_norm(ctx, h, modulation, 1, y); }
    void norm_grad(auto& ctx) { ops::modulated_norm_grad(ctx, h, modulation, 1, dy, dh, dmodulation); }
    void gate(auto& ctx) { ops::gated_residual(ctx, h, modulation, 3, branch, h_next); }
    void gate_grad(auto& ctx) { ops::gated_residual_grad(ctx, dh, modulation, 3, branch, dbranch, dmodulation); }
    void all(auto& ctx) {
        norm(ctx);
        gate(ctx);
        gate_grad(ctx);
        norm_grad(ctx);
    }
};

template <class T, int D, int PerFrame> void agrees_with_reference(double most) {
    cpu::context fast;
    reference::context plain;
    operands<T, D, PerFrame> mine;
    operands<double, D, PerFrame> theirs;
    mine.all(fast);
    theirs.all(plain);
    CAPTURE(D, PerFrame, dtype_name<T>());
    CHECK(testing::relative_error(mine.y.data(), doubles(theirs.y)) < most);
    CHECK(testing::relative_error(mine.dbranch.data(), doubles(theirs.dbranch)) < most);
    CHECK(testing::relative_error(mine.h_next.data(), doubles(theirs.h_next)) < 1e-5); // the residual stream is float
    CHECK(testing::relative_error(mine.dh.data(), doubles(theirs.dh)) < 1e-5);
    CHECK(testing::relative_error(mine.dmodulation.data(), doubles(theirs.dmodulation)) < 1e-5);
}

template <class T> std::vector<std::vector<unsigned char>> results(int threads) {
    omp_set_num_threads(threads);
    cpu::context ctx;
    operands<T, 48, 7> o;
    o.all(ctx);
    return {bytes(o.y), bytes(o.h_next), bytes(o.dh), bytes(o.dbranch), bytes(o.dmodulation)};
}

} // namespace

TEST_CASE("the modulated norm's gradients are those of finite differences, and add to dh", "[ops][modulated_norm]") {
    reference::context ctx;
    operands<double, 10, 4> o;
    const auto before = doubles(o.dh);
    const auto modulation_before = doubles(o.dmodulation);
    o.norm_grad(ctx);
    for (std::size_t i = 0; i < before.size(); ++i) o.dh.data()[i] -= before[i];
    for (int f = 0; f < o.frames; ++f) // only the two chunks are written
        for (int d = 0; d < o.M; ++d) {
            if (d >= 10 && d < 30) continue;
            REQUIRE(o.dmodulation(f, d) == modulation_before[static_cast<std::size_t>(f * o.M + d)]);
            o.dmodulation(f, d) = 0; // what the function below does not depend on
        }
    const auto f = [&] {
        o.norm(ctx);
        return testing::inner_product(o.y, o.dy);
    };
    CHECK(testing::check_gradient(o.h, o.dh, f).worst < 1e-6);
    CHECK(testing::check_gradient(o.modulation, o.dmodulation, f).worst < 1e-6);
}

TEST_CASE("the gated residual's gradients are those of finite differences", "[ops][modulated_norm]") {
    reference::context ctx;
    operands<double, 6, 5> o;
    std::fill_n(o.dmodulation.data(), o.dmodulation.size(), 0.0);
    o.gate_grad(ctx);
    const auto f = [&] {
        o.gate(ctx);
        return testing::inner_product(o.h_next, o.dh);
    };
    CHECK(testing::check_gradient(o.branch, o.dbranch, f).worst < 1e-6);
    CHECK(testing::check_gradient(o.modulation, o.dmodulation, f).worst < 1e-6);
}

TEMPLATE_TEST_CASE("without modulation a row comes out with mean 0 and variance 1, and a gate of 0 changes nothing",
                   "[ops][modulated_norm][cpu]", reference::context, cpu::context) {
    TestType ctx;
    operands<float, 48, 7> o;
    std::fill_n(o.modulation.data(), o.modulation.size(), 0.0f);
    o.norm(ctx);
    o.gate(ctx);
    for (int r = 0; r < o.rows; ++r) {
        double mean = 0, squares = 0;
        for (int d = 0; d < 48; ++d) {
            mean += static_cast<double>(o.y(r, d)) / 48;
            squares += static_cast<double>(o.y(r, d)) * static_cast<double>(o.y(r, d)) / 48;
        }
        CHECK(std::abs(mean) < 1e-5);
        CHECK(std::abs(squares - 1) < 1e-4);
    }
    CHECK(bytes(o.h_next) == bytes(o.h));
}

TEMPLATE_TEST_CASE("a frame's tokens are modulated by their own frame's row", "[ops][modulated_norm][cpu]",
                   reference::context, cpu::context) {
    TestType ctx;
    operands<float, 12, 4> o, other;
    for (int d = 0; d < o.M; ++d) other.modulation(1, d) += 1;
    o.norm(ctx);
    other.norm(ctx);
    for (int r = 0; r < o.rows; ++r)
        for (int d = 0; d < 12; ++d) CHECK((o.y(r, d) == other.y(r, d)) == (r / 4 != 1));
}

TEST_CASE("the cpu's norms agree with the reference", "[ops][modulated_norm][cpu]") {
    agrees_with_reference<float, 10, 4>(1e-5);
    agrees_with_reference<float, 192, 36>(1e-5);
    agrees_with_reference<float, 72, 5>(1e-5);
    agrees_with_reference<bf16, 10, 4>(1e-2);
    agrees_with_reference<bf16, 192, 36>(1e-2);
    agrees_with_reference<bf16, 72, 5>(1e-2);
}

TEMPLATE_TEST_CASE("the norms give the same bits for any number of threads, run after run",
                   "[ops][modulated_norm][cpu]", float, bf16) {
    const int before = omp_get_max_threads();
    const auto expected = results<TestType>(1);
    CHECK(results<TestType>(1) == expected);
    CHECK(results<TestType>(2) == expected);
    CHECK(results<TestType>(5) == expected);
    omp_set_num_threads(before);
}
