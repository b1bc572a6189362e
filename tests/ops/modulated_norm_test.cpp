// Modulated layer norm and gated residual: finite differences, the fast loops against the plain ones, closed forms, and
// bits that do not depend on the number of threads.
#include "modulated_norm_operands.hpp"

using namespace walt;

namespace {

template <class T> std::vector<std::vector<unsigned char>> results(int threads) {
    omp_set_num_threads(threads);
    cpu::context ctx;
    modulated_operands<T, 48> o(3, 7);
    o.all(ctx);
    return {bytes(o.y), bytes(o.h_next), bytes(o.dh), bytes(o.dbranch), bytes(o.dmodulation)};
}

} // namespace

TEST_CASE("the modulated norm's gradients are those of finite differences, and add to dh", "[ops][modulated_norm]") {
    reference::context ctx;
    modulated_operands<double, 10> o(3, 4);
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
    modulated_operands<double, 6> o(3, 5);
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
    modulated_operands<float, 48> o(3, 7);
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
    modulated_operands<float, 12> o(3, 4), other(3, 4);
    for (int d = 0; d < o.M; ++d) other.modulation(1, d) += 1;
    o.norm(ctx);
    other.norm(ctx);
    for (int r = 0; r < o.rows; ++r)
        for (int d = 0; d < 12; ++d) CHECK((o.y(r, d) == other.y(r, d)) == (r / 4 != 1));
}

TEST_CASE("the cpu's norms agree with the reference", "[ops][modulated_norm][cpu]") {
    modulated_norm_agrees<float, 10>(3, 4, 1e-5);
    modulated_norm_agrees<float, 192>(3, 36, 1e-5);
    modulated_norm_agrees<float, 72>(3, 5, 1e-5);
    modulated_norm_agrees<bf16, 10>(3, 4, 1e-2);
    modulated_norm_agrees<bf16, 192>(3, 36, 1e-2);
    modulated_norm_agrees<bf16, 72>(3, 5, 1e-2);
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
