// Modulated layer norm and gated residual on the CUDA device against the reference.
#include "agreement.hpp"

#include <walt/ops/cuda/modulated_norm.cuh>
#include <walt/ops/reference/modulated_norm.hpp>

namespace tests {
using namespace walt;

namespace {

/// Three frames of PerFrame tokens; the norm uses chunks 1 and 2 of five, the gate chunk 3.
template <int D, int PerFrame> struct sizes {
    template <class T> struct operands {
        using A = accumulate_t<T>;
        static constexpr int frames = 3, rows = frames * PerFrame, M = 5 * D;
        arena memory{allocate_host};
        view<A, dynamic, D> h = normals(memory.take<A, dynamic, D>(rows), 1, 0.7, 3); // a mean far from zero
        view<A, dynamic, D> dh = normals(memory.take<A, dynamic, D>(rows), 2),
                            h_next = (memory.take<A, dynamic, D>(rows));
        view<A, dynamic, M> modulation = normals(memory.take<A, dynamic, M>(frames), 3, 0.5);
        view<A, dynamic, M> dmodulation = normals(memory.take<A, dynamic, M>(frames), 4);
        view<T, dynamic, D> y = (memory.take<T, dynamic, D>(rows)), dy = normals(memory.take<T, dynamic, D>(rows), 5);
        view<T, dynamic, D> branch = normals(memory.take<T, dynamic, D>(rows), 6),
                            dbranch = (memory.take<T, dynamic, D>(rows));

        void each(auto&& visit) {
            visit(h), visit(dh), visit(h_next), visit(modulation), visit(dmodulation), visit(y), visit(dy),
                visit(branch), visit(dbranch);
        }
        void run(auto& ctx) {
            ops::modulated_norm(ctx, h, modulation, 1, y);
            ops::gated_residual(ctx, h, modulation, 3, branch, h_next);
            ops::gated_residual_grad(ctx, dh, modulation, 3, branch, dbranch, dmodulation);
            ops::modulated_norm_grad(ctx, h, modulation, 1, dy, dh, dmodulation);
        }
    };
    static void agree() {
        walt::cuda::context device;
        reference::context plain;
        CAPTURE(D, PerFrame);
        agrees_with_reference<operands, float>(device, plain, 1e-5);
        agrees_with_reference<operands, bf16>(device, plain, 1e-5);
    }
};

} // namespace

TEST_CASE("cuda: the norms agree with the reference", "[cuda][modulated_norm]") {
    sizes<10, 4>::agree();    // no packs of four
    sizes<72, 5>::agree();    // part of a warp has nothing to do
    sizes<192, 35>::agree();  // nine groups of four rows, the last one short
    sizes<16, 1700>::agree(); // groups of 15 rows, the last one short
    sizes<1152, 2>::agree();  // five warps a row
    sizes<2304, 1>::agree();  // more packs than threads
}

TEST_CASE("cuda: the norms give the same bits run after run", "[cuda][modulated_norm]") {
    walt::cuda::context device;
    const auto run = [&] {
        sizes<48, 33>::operands<bf16> o;
        testing::on_device(device, o, [&](auto& there) { there.run(device); });
        return std::vector{bytes(o.y), bytes(o.h_next), bytes(o.dh), bytes(o.dbranch), bytes(o.dmodulation)};
    };
    CHECK(run() == run());
}

} // namespace tests
