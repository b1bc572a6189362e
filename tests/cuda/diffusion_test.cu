// Noise, mixtures and the loss on the CUDA device against the reference; random numbers bit by bit.
#include "agreement.hpp"

#include <walt/ops/cuda/diffusion.cuh>
#include <walt/ops/reference/diffusion.hpp>

namespace tests {
using namespace walt;

namespace {

template <class A> struct operands {
    static constexpr int B = 3, F = 2;
    using latent = view<A, dynamic, F, 3, 5, 4>;
    arena memory{allocate_host};
    latent x = normals(take(), 1), y = normals(take(), 2), mix = take(), in_place = normals(take(), 3);
    latent guided = normals(take(), 4, 2, 1), rescaled = take(), dx = take(), dx_unweighted = take();
    view<A, dynamic> a = normals(frame_values(), 5), b = normals(frame_values(), 6), weight = frame_values(),
                     no_weight = frame_values();
    view<A, dynamic> table = normals(frame_values(), 7), looked_up = frame_values();
    view<std::int32_t, dynamic> index = (memory.take<std::int32_t, dynamic>(B * F));
    view<A, 1> loss = (memory.take<A, 1>()), loss_unweighted = (memory.take<A, 1>());

    latent take() { return memory.take<A, dynamic, F, 3, 5, 4>(B); }
    view<A, dynamic> frame_values() {
        const auto values = memory.take<A, dynamic>(B * F);
        std::fill_n(values.data(), B * F, A(0));
        return values;
    }
    operands() {
        for (int f = 0; f < B * F; ++f) {
            weight(f) = A(f % 3); // frames without a say too
            index(f) = (5 * f + 2) % (B * F);
        }
    }
    void each(auto&& visit) {
        visit(x), visit(y), visit(mix), visit(in_place), visit(guided), visit(rescaled), visit(dx),
            visit(dx_unweighted);
        visit(a), visit(b), visit(weight), visit(no_weight), visit(table), visit(looked_up), visit(index), visit(loss),
            visit(loss_unweighted);
    }
    void run(auto& ctx) {
        ops::frame_blend(ctx, a, x, b, y, mix);
        ops::frame_blend(ctx, a, in_place, b, y, in_place);
        ops::lookup(ctx, table, index, looked_up);
        ops::rescale_std(ctx, x, guided, 0.7, weight, rescaled);
        ops::rescale_std(ctx, y, guided, 0.3, no_weight, guided);
        ops::square_error(ctx, x, y, weight, loss, dx);
        ops::square_error(ctx, x, y, no_weight, loss_unweighted, dx_unweighted);
    }
};

} // namespace

TEST_CASE("cuda: mixtures, rescaling and the loss agree with the reference", "[cuda][diffusion]") {
    walt::cuda::context device;
    reference::context plain;
    agrees_with_reference<operands, float>(device, plain, 1e-6);
}

TEST_CASE("cuda: normals have the bits of the host's", "[cuda][philox]") {
    walt::cuda::context device;
    const arena::scope scope(device.arena);
    const auto two = device.arena.take<float, dynamic, 3, 3, 3>(2); // the second sample begins where no pack may
    ops::normal(device, philox{4, 2}, two.slice(1, 1));
    std::vector<float> second(27);
    device.download(second.data(), two.slice(1, 1).data(), second.size() * sizeof(float));
    for (std::size_t i = 0; i < second.size(); ++i) REQUIRE(second[i] == philox{4, 2}.normal(i));
    const auto drawn = device.arena.take<float, dynamic>(10007);
    for (const philox sequence : {philox{0, 0}, philox{0x123456789abcdefu, 0xfedcba987654321u}}) {
        ops::normal(device, sequence, drawn);
        std::vector<float> host(10007);
        device.download(host.data(), drawn.data(), host.size() * sizeof(float));
        int different = 0;
        for (std::size_t i = 0; i < host.size(); ++i)
            different += walt::bit_cast<std::uint32_t>(host[i]) != walt::bit_cast<std::uint32_t>(sequence.normal(i));
        CHECK(different == 0);
    }
}

TEST_CASE("cuda: a loss gives the same bits run after run", "[cuda][diffusion]") {
    walt::cuda::context device;
    const auto run = [&] {
        operands<float> o;
        testing::on_device(device, o, [&](auto& there) { there.run(device); });
        return std::vector{bytes(o.loss), bytes(o.dx), bytes(o.rescaled)};
    };
    CHECK(run() == run());
}

} // namespace tests
