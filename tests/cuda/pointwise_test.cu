// Maps over elements on the CUDA device against the reference.
#include "agreement.hpp"

#include <walt/ops/cuda/pointwise.cuh>
#include <walt/ops/reference/pointwise.hpp>

namespace tests {
using namespace walt;

namespace {

template <class T> struct operands {
    using A = accumulate_t<T>;
    arena memory{allocate_host};
    std::int64_t count;
    view<T, dynamic> x = normals(memory.take<T, dynamic>(count), 1, 3), dy = normals(memory.take<T, dynamic>(count), 2);
    view<T, dynamic> gelu = (memory.take<T, dynamic>(count)), dgelu = (memory.take<T, dynamic>(count));
    view<T, dynamic> silu = (memory.take<T, dynamic>(count)), dsilu = normals(memory.take<T, dynamic>(count), 3);
    view<T, dynamic> rounded = (memory.take<T, dynamic>(count)), sum = normals(memory.take<T, dynamic>(count), 4);
    view<A, dynamic> wide = (memory.take<A, dynamic>(count)), total = normals(memory.take<A, dynamic>(count), 5);
    view<T, dynamic> leaky = (memory.take<T, dynamic>(count)), blended = (memory.take<T, dynamic>(count));
    view<A, dynamic> scaled = normals(memory.take<A, dynamic>(count), 6);
    view<A, dynamic> constant = (memory.take<A, dynamic>(count));
    view<std::int32_t, dynamic> step = (memory.take<std::int32_t, dynamic>(count));

    explicit operands(std::int64_t n) : count(n) {}
    void each(auto&& visit) {
        visit(x), visit(dy), visit(gelu), visit(dgelu), visit(silu), visit(dsilu);
        visit(rounded), visit(sum), visit(wide), visit(total), visit(constant), visit(step);
        visit(leaky), visit(blended), visit(scaled);
    }
    void run(auto& ctx) {
        ops::activate<activation::gelu>(ctx, x, gelu);
        ops::activate_grad<activation::gelu>(ctx, x, dy, dgelu);
        ops::activate<activation::silu>(ctx, x, silu);
        ops::activate_grad<activation::silu>(ctx, x, dsilu, dsilu); // in place
        ops::activate<activation::leaky_relu>(ctx, x, leaky);
        ops::activate_grad<activation::leaky_relu>(ctx, leaky, leaky, leaky); // in place, of its result
        ops::blend(ctx, 2, x, -3, dy, blended);
        ops::blend(ctx, 0.5, scaled, 0, none{}, scaled);
        ops::convert(ctx, x, wide);
        ops::convert(ctx, total, rounded);
        ops::accumulate(ctx, x, total);
        ops::add(ctx, sum, x, sum);
        ops::fill(ctx, constant, 0.25);
        ops::fill(ctx, step, 999);
    }
};

} // namespace

TEST_CASE("cuda: maps over elements agree with the reference, also where packs of four leave a rest",
          "[cuda][pointwise]") {
    walt::cuda::context device;
    reference::context plain;
    for (const std::int64_t count : {1, 3, 1024, 1031}) {
        CAPTURE(count);
        agrees_with_reference<operands, float>(device, plain, 2e-6, count);
        agrees_with_reference<operands, bf16>(device, plain, 2e-6, count);
    }
}

TEST_CASE("cuda: a map of memory that is not aligned for packs", "[cuda][pointwise]") {
    walt::cuda::context device;
    const buffer<float> all(device, 1000);
    const view<float, dynamic> odd = all.all().slice(1, 998);
    ops::fill(device, odd, 7);
    std::vector<float> host(1000);
    device.download(host.data(), all.data(), host.size() * sizeof(float));
    CHECK(host.front() == 0);
    CHECK(host.back() == 0);
    CHECK(std::all_of(host.begin() + 1, host.end() - 1, [](float v) { return v == 7; }));
}

} // namespace tests
