// Linear maps on the CUDA device: all types and transpositions against the reference, the same bits run after run.
#include "agreement.hpp"

#include <walt/ops/cuda/linear.cuh>
#include <walt/ops/reference/linear.hpp>
#include <walt/ops/reference/pointwise.hpp>

namespace tests {
using namespace walt;

namespace {

template <int K, int N> struct sizes {
    template <class T> struct operands {
        using A = accumulate_t<T>;
        arena memory{allocate_host};
        std::int64_t rows;
        view<T, dynamic, K> x = normals(memory.take<T, dynamic, K>(rows), 1);
        view<T, N, K> w = normals(memory.take<T, N, K>(), 2);
        view<A, N> bias = normals(memory.take<A, N>(), 3);
        view<T, dynamic, N> y = (memory.take<T, dynamic, N>(rows)), dy = normals(memory.take<T, dynamic, N>(rows), 4);
        view<A, dynamic, N> wide = (memory.take<A, dynamic, N>(rows)), plain = (memory.take<A, dynamic, N>(rows));
        view<T, dynamic, K> dx = (memory.take<T, dynamic, K>(rows));
        view<A, dynamic, K> dx_wide = (memory.take<A, dynamic, K>(rows));
        view<A, N, K> dw = normals(memory.take<A, N, K>(), 5), dw_only = normals(memory.take<A, N, K>(), 6); // added to
        view<A, N> dbias = normals(memory.take<A, N>(), 7), dbias_only = normals(memory.take<A, N>(), 9);
        view<T, dynamic, N> inner = (memory.take<T, dynamic, N>(rows)), active = (memory.take<T, dynamic, N>(rows));
        view<T, dynamic, K> inner_of_x = normals(memory.take<T, dynamic, K>(rows), 8),
                            dinner = (memory.take<T, dynamic, K>(rows));

        explicit operands(std::int64_t r) : rows(r) {}
        void each(auto&& visit) {
            visit(x), visit(w), visit(bias), visit(y), visit(dy), visit(wide), visit(plain);
            visit(dx), visit(dx_wide), visit(dw), visit(dw_only), visit(dbias), visit(dbias_only);
            visit(inner), visit(active), visit(inner_of_x), visit(dinner);
        }
        void run(auto& ctx) {
            ops::linear_grad_weight(ctx, x, dy, none{}, dbias_only);
            ops::linear(ctx, x, w, bias, y);
            ops::linear(ctx, x, w, bias, wide);
            ops::linear(ctx, x, w, none{}, plain);
            ops::linear_grad_input(ctx, dy, w, dx);
            ops::linear_grad_input(ctx, dy, w, dx_wide);
            ops::linear_grad_weight(ctx, x, dy, dw, dbias);
            ops::linear_grad_weight(ctx, x, dy, dw_only, none{});
            ops::linear_activate<activation::gelu>(ctx, x, w, bias, inner, active);
            ops::linear_grad_activated_input<activation::gelu>(ctx, dy, w, inner_of_x, dinner);
        }
    };
    static void agree(walt::cuda::context& device, std::int64_t rows) {
        reference::context plain;
        CAPTURE(K, N, rows);
        agrees_with_reference<operands, float>(device, plain, 1e-5, rows);
        agrees_with_reference<operands, bf16>(device, plain, 1e-5, rows);
    }
};

} // namespace

TEST_CASE("cuda: linear maps and their gradients agree with the reference", "[cuda][linear]") {
    walt::cuda::context device;
    sizes<16, 24>::agree(device, 300); // more rows than one group of the bias gradient
    sizes<16, 24>::agree(device, 1);
    sizes<5, 7>::agree(device, 3); // no row begins where a vector load may
    sizes<1, 1>::agree(device, 2);
    sizes<72, 40>::agree(device, 33);
}

TEST_CASE("cuda: where cuBLASLt has no epilogue, walt has a way without", "[cuda][linear]") {
    walt::cuda::context device;
    using walt::cuda::fusions;
    for (const fusions fuse : {fusions{false, false, false, false}, fusions{.bias = false}, fusions{.gelu = false},
                               fusions{.gelu_grad = false}, fusions{.sums_of_a = false}}) {
        device.products.fuse = fuse;
        CAPTURE(fuse.bias, fuse.gelu, fuse.gelu_grad, fuse.sums_of_a);
        sizes<16, 24>::agree(device, 300);
        sizes<5, 7>::agree(device, 3);
        sizes<72, 40>::agree(device, 33);
    }
}

TEST_CASE("cuda: no rows at all", "[cuda][linear]") {
    walt::cuda::context device;
    sizes<8, 4>::operands<float> o(0);
    const auto before = doubles(o.dbias);
    testing::on_device(device, o, [&](auto& there) { there.run(device); });
    CHECK(doubles(o.dbias) == before);
}

TEST_CASE("cuda: linear maps give the same bits run after run", "[cuda][linear]") {
    walt::cuda::context device;
    const auto run = [&] {
        sizes<32, 20>::operands<bf16> o(260);
        testing::on_device(device, o, [&](auto& there) { there.run(device); });
        return std::vector{bytes(o.y), bytes(o.wide), bytes(o.dx), bytes(o.dw), bytes(o.dbias)};
    };
    CHECK(run() == run());
}

namespace {
/// A product of numbers that neither bf16 nor tf32 can hold.
template <class T> struct full_floats {
    arena memory{allocate_host};
    view<T, dynamic, 64> x = thirds(memory.take<T, dynamic, 64>(17), 1);
    view<T, 24, 64> w = thirds(memory.take<T, 24, 64>(), 2);
    view<T, dynamic, 24> y = (memory.take<T, dynamic, 24>(17));
    void each(auto&& visit) { visit(x), visit(w), visit(y); }
    void run(auto& ctx) { ops::linear(ctx, x, w, none{}, y); }
};
double error_of_products(walt::cuda::math precision) {
    walt::cuda::context device;
    device.precision = precision;
    reference::context plain;
    full_floats<float> mine;
    full_floats<double> theirs;
    testing::on_device(device, mine, [&](auto& o) { o.run(device); });
    theirs.run(plain);
    return testing::relative_error(doubles(mine.y).data(), doubles(theirs.y));
}
} // namespace

TEST_CASE("cuda: tf32 is float32 with shorter factors", "[cuda][linear]") {
    CHECK(error_of_products(walt::cuda::math::float32) < 1e-6);
    const double tf32 = error_of_products(walt::cuda::math::tf32);
    CHECK(tf32 > 1e-5);
    CHECK(tf32 < 1e-3);
}

} // namespace tests
