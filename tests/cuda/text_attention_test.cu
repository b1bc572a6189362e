// What text encoders are made of, on the CUDA device against the reference: attention of texts, norms of rows, gates.
#include "agreement.hpp"

#include <walt/ops/cuda/gated_activation.cuh>
#include <walt/ops/cuda/row_norm.cuh>
#include <walt/ops/cuda/text_attention.cuh>
#include <walt/ops/reference/gated_activation.hpp>
#include <walt/ops/reference/row_norm.hpp>
#include <walt/ops/reference/text_attention.hpp>

namespace tests {
using namespace walt;

namespace {

/// Three texts of M positions: all valid, some in the middle, none.
template <int Heads, int W, int M> struct texts {
    template <class T> struct operands {
        using A = accumulate_t<T>;
        arena memory{allocate_host};
        view<T, dynamic, W> q = normals(memory.take<T, dynamic, W>(3 * M), 1),
                            k = normals(memory.take<T, dynamic, W>(3 * M), 2),
                            v = normals(memory.take<T, dynamic, W>(3 * M), 3),
                            with = (memory.take<T, dynamic, W>(3 * M)), without = (memory.take<T, dynamic, W>(3 * M));
        view<A, dynamic, Heads> bias = normals(memory.take<A, dynamic, Heads>(2 * M - 1), 4);
        view<std::uint8_t, dynamic, dynamic> valid = (memory.take<std::uint8_t, dynamic, dynamic>(3, M));

        operands() {
            for (int j = 0; j < M; ++j) valid(0, j) = 1, valid(1, j) = j % 3 != 1, valid(2, j) = 0;
        }
        void each(auto&& visit) {
            visit(with), visit(without);
            visit(q), visit(k), visit(v), visit(bias), visit(valid);
        }
        void run(auto& ctx) {
            ops::text_attention<Heads>(ctx, q, k, v, 0.3, bias, valid, with);
            ops::text_attention<Heads>(ctx, q, k, v, 0.3, none{}, valid, without);
        }
    };
};

template <int D> struct rows {
    template <class T> struct operands {
        using A = accumulate_t<T>;
        arena memory{allocate_host};
        view<A, dynamic, D> x = normals(memory.take<A, dynamic, D>(7), 1, 1, 0.5);
        view<A, D> scale = normals(memory.take<A, D>(), 2), shift = normals(memory.take<A, D>(), 3);
        view<T, dynamic, D> layer = (memory.take<T, dynamic, D>(7)), square = (memory.take<T, dynamic, D>(7)),
                            gated = (memory.take<T, dynamic, D>(7));

        void each(auto&& visit) {
            visit(layer), visit(square), visit(gated);
            visit(x), visit(scale), visit(shift);
        }
        void run(auto& ctx) {
            ops::row_norm<row_norm::layer>(ctx, x, scale, shift, 1e-3, layer);
            ops::row_norm<row_norm::root_mean_square>(ctx, x, scale, none{}, 1e-3, square);
            ops::gated_activation<activation::gelu>(ctx, layer, square, gated);
        }
    };
};

template <class Case, class T> void agree(double most) {
    walt::cuda::context device;
    reference::context plain;
    agrees_with_reference<Case::template operands, T>(device, plain, {most, most});
}

} // namespace

TEMPLATE_TEST_CASE("cuda: attention of texts and norms of rows agree with the reference", "[cuda][text_attention]",
                   (texts<3, 30, 50>), (texts<2, 128, 131>), rows<5>, rows<384>, rows<1030>) {
    agree<TestType, float>(1e-5);
    agree<TestType, bf16>(2e-2);
}

TEST_CASE("cuda: attention refuses a text whose scores do not fit a block", "[cuda][text_attention]") {
    walt::cuda::context device;
    const arena::scope scope(device.arena);
    const auto q = device.arena.take<float, dynamic, 4>(9000);
    const auto valid = device.arena.take<std::uint8_t, dynamic, dynamic>(1, 9000);
    CHECK_THROWS_WITH(ops::text_attention<2>(device, q, q, q, 1, none{}, valid, q),
                      "ops::text_attention: on the cuda device a text has 8192 positions at most; it has 9000");
}

} // namespace tests
