// Does cuBLASLt have an algorithm for each of walt's products with its epilogue, and is the epilogue worth it?
#include "probe.hpp"

#include <walt/core/philox.hpp>

#include <fmt/core.h>

#include <string>

namespace probes {
using namespace walt;
using namespace walt::benchmarks;
using walt::cuda::epilogue;
using walt::cuda::product;

struct products {
    walt::cuda::context ctx;
    bool fine = true;

    template <class T, class U> double milliseconds(const product& p, bool bias, bool inner, std::string& what) {
        const arena::scope scope(ctx.arena);
        const auto take = [&]<class E>(E, std::int64_t n) {
            const auto x = ctx.arena.template take<E, dynamic>(n);
            ops::normal(ctx, philox{1, static_cast<std::uint64_t>(n)}, x);
            return x.data();
        };
        const T* a = take(T{}, p.m * p.k);
        const T* b = take(T{}, p.k * p.n);
        U* c = take(U{}, p.m * p.n);
        const U* v = bias ? take(U{}, p.after == epilogue::sums_of_a ? p.m : p.n) : nullptr;
        const U* in = inner ? take(U{}, p.m * p.n) : nullptr;
        const auto run = [&] { return ctx.products.multiply(ctx.stream, p, a, b, v, c, in); };
        try {
            if (!run()) return what = "no algorithm with this epilogue", -1;
            return median_ms(ctx, run, 5, 10);
        } catch (const error& refused) {
            cudaGetLastError();
            fine = false;
            return what = std::string("THROWS ") + refused.what(), -1;
        }
    }
    template <class T, class U> void line(const char* name, const product& p, bool bias = false, bool inner = false) {
        std::string what;
        const double ms = milliseconds<T, U>(p, bias, inner, what);
        fmt::print("{:34} [{:6},{:5}]x[{:5},{:5}]  ", name, p.m, p.k, p.k, p.n);
        const double flops = 2.0 * static_cast<double>(p.m) * static_cast<double>(p.n) * static_cast<double>(p.k);
        if (ms > 0) fmt::print("{:8.4f} ms {:7.1f} TFLOP/s\n", ms, 1e-9 * flops / ms);
        else fmt::print("{}\n", what);
        std::fflush(stdout);
    }

    void layer(const char* name, std::int64_t rows, std::int64_t d, std::int64_t mlp) {
        constexpr auto gelu = epilogue::gelu, gelu_grad = epilogue::gelu_grad, sums = epilogue::sums_of_a;
        fmt::print("--- {}: {} rows, width {}, mlp {}\n", name, rows, d, mlp);
        line<bf16, bf16>("qkv, bias", {rows, 3 * d, d, false, true, false}, true);
        line<bf16, bf16>("qkv, no bias", {rows, 3 * d, d, false, true, false});
        line<bf16, bf16>("fc1, GELU_AUX_BIAS", {rows, mlp, d, false, true, false, false, gelu}, true, true);
        line<bf16, bf16>("fc1, bias only", {rows, mlp, d, false, true, false}, true);
        line<bf16, bf16>("fc2, bias", {rows, d, mlp, false, true, false}, true);
        line<bf16, bf16>("fc2 dgrad, DGELU", {rows, mlp, d, false, false, false, false, gelu_grad}, false, true);
        line<bf16, bf16>("fc2 dgrad, plain", {rows, mlp, d, false, false, false});
        line<bf16, bf16>("fc1 dgrad", {rows, d, mlp, false, false, false});
        line<bf16, float>("qkv wgrad += f32, BGRADB", {3 * d, d, rows, true, false, true, false, sums}, true);
        line<bf16, float>("qkv wgrad += f32, plain", {3 * d, d, rows, true, false, true});
        line<bf16, float>("qkv wgrad = f32, plain", {3 * d, d, rows, true, false, false});
        line<bf16, float>("fc1 wgrad += f32, BGRADB", {mlp, d, rows, true, false, true, false, sums}, true);
        line<bf16, float>("fc1 wgrad += f32, plain", {mlp, d, rows, true, false, true});
    }

    /// What a step does apart where an epilogue is left out.
    template <int N> void passes(std::int64_t rows) {
        const arena::scope scope(ctx.arena);
        const auto x = ctx.arena.take<bf16, dynamic, N>(rows), y = ctx.arena.take<bf16, dynamic, N>(rows),
                   z = ctx.arena.take<bf16, dynamic, N>(rows);
        const auto sums = ctx.arena.take<float, N>();
        ops::normal(ctx, philox{1, 1}, x), ops::normal(ctx, philox{1, 2}, y);
        const auto say = [&](const char* name, double count, auto run) {
            const double ms = median_ms(ctx, run, 5, 10);
            fmt::print("{:34} [{:6},{:5}]                {:8.4f} ms {:7.1f} GB/s\n", name, rows, N, ms,
                       1e-6 * count * 2 * static_cast<double>(x.size()) / ms);
        };
        say("gelu", 2, [&] { ops::activate<activation::gelu>(ctx, x, z); });
        say("gelu gradient", 3, [&] { ops::activate_grad<activation::gelu>(ctx, x, y, z); });
        say("sums of columns", 1, [&] { walt::cuda::add_column_sums(ctx, "a probe", x.data(), rows, N, sums.data()); });
    }

    void odd_ones() {
        constexpr auto sums = epilogue::sums_of_a;
        fmt::print("--- odd ones\n");
        for (const std::int64_t rows : {1, 5, 40}) {
            line<bf16, bf16>("adaln.down, rank 2", {rows, 2, 1024, false, true, false});
            line<bf16, float>("adaln.up, rank 2", {rows, 6144, 2, false, true, false});
            line<bf16, float>("final.adaln, bias f32", {rows, 2048, 1024, false, true, false}, true);
            line<bf16, bf16>("time_embed.0, bias", {rows, 1024, 256, false, true, false}, true);
            line<bf16, float>("adaln.up wgrad", {6144, 2, rows, true, false, true});
            line<bf16, float>("adaln.down wgrad", {2, 1024, rows, true, false, true});
            line<bf16, float>("time_embed.2 wgrad, BGRADB", {1024, 1024, rows, true, false, true, false, sums}, true);
        }
        line<bf16, float>("final.out, 8 columns, bias f32", {1280, 8, 1024, false, true, false}, true);
        line<bf16, float>("final.out wgrad, BGRADB", {8, 1024, 1280, true, false, true, false, sums}, true);
        line<bf16, bf16>("kinetics patch_embed, 25 in, bias", {1280, 1024, 25, false, true, false}, true);
        line<bf16, float>("kinetics patch_embed wgrad, BGRADB", {1024, 25, 1280, true, false, true, false, sums}, true);
        line<bf16, bf16>("5 in, 7 out, 3 rows, bias", {3, 7, 5, false, true, false}, true);
        line<bf16, float>("5 in, 7 out, 3 rows, bias f32", {3, 7, 5, false, true, false}, true);
        line<bf16, bf16>("2 x 1 x 1, bias", {2, 1, 1, false, true, false}, true);
        line<float, float>("2 x 1 x 1 float, bias", {2, 1, 1, false, true, false}, true);
        line<float, float>("float, bias", {1280, 1024, 1024, false, true, false}, true);
        line<float, float>("tf32, bias", {1280, 1024, 1024, false, true, false, true}, true);
    }
};

} // namespace probes

int main() try {
    probes::products all;
    all.line<walt::bf16, walt::bf16>("ceiling: 8192 cubed", {8192, 8192, 8192, false, true, false});
    all.layer("walt_l, 8 samples", 10240, 1024, 4096);
    all.passes<4096>(10240);
    all.passes<3072>(10240);
    all.passes<1024>(10240);
    all.layer("walt_l, 1 sample", 1280, 1024, 4096);
    all.passes<4096>(1280);
    all.passes<3072>(1280);
    all.layer("cascade_base, 1 sample", 1280, 1792, 9216);
    all.passes<9216>(1280);
    all.odd_ones();
    probes::products fastest;
    fastest.ctx.products.tried = 5;
    fastest.layer("walt_l, 8 samples, the fastest of 5 algorithms", 10240, 1024, 4096);
    fastest.layer("cascade_base, 1 sample, the fastest of 5 algorithms", 1280, 1792, 9216);
    all.fine = all.fine && fastest.fine;
    return all.fine ? 0 : 1;
} catch (const std::exception& problem) {
    fmt::print(stderr, "{}\n", problem.what());
    return 1;
}
