// Position tables, looked-up rows, sinusoidal codes and patches on the CUDA device against the reference.
#include "agreement.hpp"

#include <walt/config/window.hpp>
#include <walt/ops/cuda/embedding.cuh>
#include <walt/ops/cuda/patches.cuh>
#include <walt/ops/reference/embedding.hpp>
#include <walt/ops/reference/patches.hpp>

namespace tests {
using namespace walt;

namespace {

using order = token_order<4, 6, 4, 3, 2, 3>; // tiles of 4 x 3, in them tiles of 2 x 3

template <class T> struct operands {
    using A = accumulate_t<T>;
    static constexpr int B = 3, F = 4, D = 20, N = order::tokens, rows = B * F * N, P = 2, C = 3, Cin = 5;
    using latent = view<A, dynamic, F, 4 * P, 6 * P, C>;
    arena memory{allocate_host};
    view<A, dynamic, D> h = normals(memory.take<A, dynamic, D>(rows), 1),
                        e = normals(memory.take<A, dynamic, D>(B * F), 2);
    view<A, N, D> space = normals(memory.take<A, N, D>(), 3), dspace = normals(memory.take<A, N, D>(), 4);
    view<A, F, D> time = normals(memory.take<A, F, D>(), 5), dtime = normals(memory.take<A, F, D>(), 6);
    view<A, 3, D> table = normals(memory.take<A, 3, D>(), 7), dtable = normals(memory.take<A, 3, D>(), 8);
    view<std::uint8_t, dynamic> is_image = (memory.take<std::uint8_t, dynamic>(B));
    view<A, dynamic, D> chosen = normals(memory.take<A, dynamic, D>(B * F), 13);
    view<T, dynamic, D> dchosen = normals(memory.take<T, dynamic, D>(B * F), 14);
    view<A, D> absent = normals(memory.take<A, D>(), 15), dabsent = normals(memory.take<A, D>(), 16);
    view<std::uint8_t, dynamic> valid = (memory.take<std::uint8_t, dynamic>(B * F));
    view<std::int32_t, dynamic> step = (memory.take<std::int32_t, dynamic>(B)),
                                label = (memory.take<std::int32_t, dynamic>(B * F));
    view<T, dynamic, 256> code = (memory.take<T, dynamic, 256>(B * F));
    latent z = normals(memory.take<A, dynamic, F, 4 * P, 6 * P, C>(B), 9),
           back = (memory.take<A, dynamic, F, 4 * P, 6 * P, C>(B));
    latent scaled = (memory.take<A, dynamic, F, 4 * P, 6 * P, C>(B));
    view<A, dynamic> frame = normals(memory.take<A, dynamic>(B * F), 10);
    view<T, dynamic, P* P* Cin> tokens = normals(memory.take<T, dynamic, P * P * Cin>(rows), 11);
    view<T, dynamic, P* P* Cin> other = normals(memory.take<T, dynamic, P * P * Cin>(rows), 12);

    operands() {
        for (int b = 0; b < B; ++b) {
            is_image(b) = b == 1;
            step(b) = 999 - 450 * b;
        }
        for (int f = 0; f < B * F; ++f) label(f) = f * f % 3, valid(f) = f % 3 != 1;
    }
    void each(auto&& visit) {
        visit(h), visit(e), visit(space), visit(dspace), visit(time), visit(dtime), visit(table), visit(dtable);
        visit(is_image), visit(step), visit(label), visit(code), visit(z), visit(back), visit(scaled), visit(frame),
            visit(tokens), visit(other);
        visit(chosen), visit(dchosen), visit(absent), visit(dabsent), visit(valid);
    }
    void run(auto& ctx) {
        ops::add_positions_grad<order>(ctx, h, is_image, dspace, dtime);
        ops::add_positions<order>(ctx, h, space, time, is_image);
        ops::sinusoid(ctx, step, F, code);
        ops::add_rows_grad(ctx, e, label, dtable);
        ops::add_rows(ctx, table, label, e);
        ops::valid_rows(ctx, e, valid, absent, chosen);
        ops::valid_rows_grad(ctx, e, valid, dchosen, dabsent);
        ops::patchify<order, P>(ctx, z, none{}, tokens, 1);
        ops::patchify_constant<order, P>(ctx, frame, tokens, 4); // channel 0 stays
        ops::patchify<order, P>(ctx, z, frame, other, 2);
        ops::unpatchify<order, P>(ctx, other, 0, none{}, back);
        ops::unpatchify<order, P>(ctx, tokens, 2, frame, scaled);
    }
};

} // namespace

TEST_CASE("cuda: positions, looked-up rows, codes and patches agree with the reference", "[cuda][embedding][patches]") {
    walt::cuda::context device;
    reference::context plain;
    agrees_with_reference<operands, float>(device, plain, 1e-6);
    agrees_with_reference<operands, bf16>(device, plain,
                                          1e-2); // what comes out of bf16 tokens is float with their rounding
}

TEST_CASE("cuda: gradients of positions give the same bits run after run", "[cuda][embedding]") {
    walt::cuda::context device;
    const auto run = [&] {
        operands<float> o;
        testing::on_device(device, o, [&](auto& there) { there.run(device); });
        return std::vector{bytes(o.dspace), bytes(o.dtime), bytes(o.dtable)};
    };
    CHECK(run() == run());
}

} // namespace tests
