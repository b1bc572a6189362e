// One preset's window attention (CASE says whose): bf16 on tensor cores against walt's float kernels on the same
// numbers, and its speed.
#include "probe.hpp"

#include <walt/config/presets.hpp>
#include <walt/core/philox.hpp>

#include <fmt/core.h>

#include <cmath>
#include <cstdlib>
#include <tuple>

namespace probes {
using namespace walt;
using namespace walt::benchmarks;

template <class Config> using spatial = dimensions<Config>::spatial;
template <class Config> using spatiotemporal = dimensions<Config>::spatiotemporal;
using shapes = std::tuple<spatial<presets::walt_l>, spatiotemporal<presets::walt_l>, spatiotemporal<presets::walt_xl>,
                          spatial<presets::cascade_base>, spatial<presets::cascade_256x448>,
                          spatiotemporal<presets::cascade_256x448>, spatiotemporal<presets::text_to_video_l>,
                          spatial<presets::imagenet_l>>;
constexpr const char* names[]{"walt_l spatial",
                              "walt_l spatiotemporal",
                              "walt_xl spatiotemporal",
                              "cascade_base spatial",
                              "cascade_256x448 spatial",
                              "cascade_256x448 spatiotemporal",
                              "text_to_video_l spatiotemporal",
                              "imagenet_l spatial"};

using S = std::tuple_element_t<CASE, shapes>;
constexpr int D = S::width, Dh = S::head_dim;

template <class T> struct operands {
    view<T, dynamic, 3 * D> qkv, dqkv;
    view<T, dynamic, D> out, dout;
    view<float, dynamic, S::heads> lse;
    view<float, Dh> q_norm, k_norm, dq_norm, dk_norm;
    view<float, S::heads, S::bias_size> bias, dbias;
    view<std::uint8_t, dynamic> is_image;

    operands(walt::cuda::context& ctx, std::int64_t batch) {
        const std::int64_t rows = batch * S::frames * S::per_frame;
        const auto taken = [&]<class E, int... N>(view<E, dynamic, N...>& v, std::int64_t n) {
            v = ctx.arena.template take<E, dynamic, N...>(n);
        };
        taken(qkv, rows), taken(dqkv, rows), taken(out, rows), taken(dout, rows), taken(lse, rows);
        for (auto* v : {&q_norm, &k_norm, &dq_norm, &dk_norm}) *v = ctx.arena.template take<float, Dh>();
        for (auto* v : {&bias, &dbias}) *v = ctx.arena.template take<float, S::heads, S::bias_size>();
        is_image = to_device<std::uint8_t>(ctx, std::vector<std::uint8_t>(static_cast<std::size_t>(batch), 0));
        const auto exact = [&](auto v, std::uint64_t stream) { // numbers that bf16 holds
            const arena::scope scope(ctx.arena);
            const auto b = ctx.arena.template take<bf16, dynamic>(v.size());
            ops::normal(ctx, philox{7, stream}, b);
            ops::convert(ctx, b, view<typename decltype(v)::element, dynamic>(v.data(), v.size()));
        };
        exact(qkv, 1), exact(dout, 2), exact(bias, 3);
        ops::fill(ctx, q_norm, 1.25f), ops::fill(ctx, k_norm, 0.75f), ops::fill(ctx, dq_norm, 0.0f);
        ops::fill(ctx, dk_norm, 0.0f), ops::fill(ctx, dbias, 0.0f);
    }
    void forward(walt::cuda::context& ctx) {
        ops::window_attention<S>(ctx, qkv, q_norm, k_norm, bias, is_image, out, lse);
    }
    void backward(walt::cuda::context& ctx) {
        ops::window_attention_grad<S>(ctx, qkv, q_norm, k_norm, bias, is_image, out, lse, dout, dqkv, dq_norm, dk_norm,
                                      dbias);
    }
};

template <class V> std::vector<double> on_host(walt::cuda::context& ctx, const V& v) {
    std::vector<typename V::element> raw(static_cast<std::size_t>(v.size()));
    ctx.download(raw.data(), v.data(), raw.size() * sizeof raw[0]);
    return {raw.begin(), raw.end()};
}
double distance(const std::vector<double>& a, const std::vector<double>& b) {
    double d = 0, n = 0;
    for (std::size_t i = 0; i < a.size(); ++i) d += (a[i] - b[i]) * (a[i] - b[i]), n += b[i] * b[i];
    return std::sqrt(d / n);
}

bool right(walt::cuda::context& ctx) {
    const arena::scope scope(ctx.arena);
    operands<float> exact(ctx, 1);
    operands<bf16> mine(ctx, 1);
    exact.forward(ctx), exact.backward(ctx), mine.forward(ctx), mine.backward(ctx);
    bool fine = true;
    const auto say = [&](const char* what, auto a, auto b, double most) {
        const double e = distance(on_host(ctx, a), on_host(ctx, b));
        fine &= e <= most;
        fmt::print("  {} {:.1e} of {:.0e}{}", what, e, most, e <= most ? "" : " <-- WRONG");
    };
    fmt::print("{}: windows of {} tokens, {} heads of {}\n ", names[CASE], S::tokens, S::heads, Dh);
    say("out", mine.out, exact.out, 1e-2), say("lse", mine.lse, exact.lse, 1e-3),
        say("dqkv", mine.dqkv, exact.dqkv, 2e-2);
    say("dbias", mine.dbias, exact.dbias, 2e-2);
    if (S::qk_norm)
        say("dq_norm", mine.dq_norm, exact.dq_norm, 2e-2), say("dk_norm", mine.dk_norm, exact.dk_norm, 2e-2);
    fmt::print("\n");
    return fine;
}

} // namespace probes

int main() try {
    using namespace probes;
    walt::cuda::context ctx;
    if (std::getenv("WALT_PROBE_ONCE")) { // for a profiler: each kernel once, at the size that is timed
        operands<bf16> o(ctx, 8);
        o.forward(ctx), o.backward(ctx), ctx.synchronize();
        return 0;
    }
    const bool fine = right(ctx);
    const std::int64_t batch = 8;
    operands<bf16> o(ctx, batch);
    const double windows = static_cast<double>(batch) * S::frames / S::window_frames * S::windows,
                 one = 2.0 * S::tokens * S::tokens * Dh * S::heads * windows;
    const double f = recorded_ms(
                     ctx, [&] { o.forward(ctx); }, 4),
                 b = recorded_ms(
                     ctx, [&] { o.backward(ctx); }, 4);
    fmt::print("  {} samples: forward {:.3f} ms {:.0f} TFLOP/s, backward {:.3f} ms {:.0f} TFLOP/s of five products\n",
               batch, f, 2e-9 * one / f, b, 5e-9 * one / b);
    return fine ? 0 : 1;
} catch (const std::exception& problem) {
    fmt::print(stderr, "{}\n", problem.what());
    return 1;
}
