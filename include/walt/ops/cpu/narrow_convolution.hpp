// A convolution to few channels, like a decoder's last: vectors of 16 outputs would be nearly empty. The taps along the
// width become channels beside each other, of a convolution whose kernel is one element wide; their sum is y. Three
// channels of a kernel three wide are nine of sixteen, in a third of the multiplications.
#pragma once

#include "../conv3d.hpp"
#include "context.hpp"

#include <algorithm>

namespace walt::cpu::inline WALT_INSTRUCTION_SET::detail {

template <class W>
inline constexpr bool is_narrow = W::static_extent(3) > 1 && W::static_extent(0) * W::static_extent(3) <= 16;

/// Room for a kernel [O, Kt, Kh, K, I] with its taps along the width as channels: [K O, Kt, Kh, 1, I].
template <class U, class W> auto take_tap_kernel(context& ctx, const W&) {
    return ctx.arena.template take<U, W::static_extent(3) * W::static_extent(0), W::static_extent(1),
                                   W::static_extent(2), 1, W::static_extent(4)>();
}

/// Calls visit(row of the kernel, the same of the tap kernel) for every row of I numbers.
template <class W, class Visit> void each_tap_row(const Visit& visit) {
    constexpr int O = W::static_extent(0), K = W::static_extent(3), lines = W::static_extent(1) * W::static_extent(2);
    for (int o = 0; o < O; ++o)
        for (int line = 0; line < lines; ++line)
            for (int s = 0; s < K; ++s) visit((o * lines + line) * K + s, (s * O + o) * lines + line);
}

/// The geometry whose kernel is one element wide: it gives what every element of x is to the taps.
inline conv_geometry without_width(const conv_geometry& g) { return {g.time, g.height, {}}; }

/// y (+)= b + the sum over taps s of taps[.., j stride + s - before, s].
template <class Bias, class U, int O, int KO>
void sum_taps(const conv_axis& width, video_view<const float, KO> taps, const Bias& bias, video_view<U, O> y,
              bool add) {
    const std::int64_t extent = taps.extent(3), places = y.extent(3);
    parallel(y.extent(0) * y.extent(1) * y.extent(2), places * KO, [&](std::int64_t row) {
        const float* from = taps.data() + row * extent * KO;
        U* to = y.data() + row * places * O;
        for (std::int64_t j = 0; j < places; ++j, to += O) {
            float sum[O] = {};
            if constexpr (!is_none<Bias>) std::copy_n(bias.data(), O, sum);
            const std::int64_t start = j * width.stride - width.before;
            for (std::int64_t s = std::max<std::int64_t>(0, -start); s < KO / O && start + s < extent; ++s)
                for (int o = 0; o < O; ++o) sum[o] += from[(start + s) * KO + s * O + o];
            for (int o = 0; o < O; ++o) to[o] = static_cast<U>(add ? static_cast<float>(to[o]) + sum[o] : sum[o]);
        }
    });
}

/// The gradient of the taps: dtaps[.., i, s] is dy where tap s of a place sees element i, else 0.
template <class T, int O, int KO>
void spread_taps(const conv_axis& width, video_view<const T, O> dy, video_view<T, KO> dtaps) {
    const std::int64_t extent = dtaps.extent(3), places = dy.extent(3);
    parallel(dy.extent(0) * dy.extent(1) * dy.extent(2), extent * KO, [&](std::int64_t row) {
        const T* from = dy.data() + row * places * O;
        T* to = dtaps.data() + row * extent * KO;
        std::fill_n(to, extent * KO, T(0.0f));
        for (std::int64_t j = 0; j < places; ++j, from += O) {
            const std::int64_t start = j * width.stride - width.before;
            for (std::int64_t s = std::max<std::int64_t>(0, -start); s < KO / O && start + s < extent; ++s)
                std::copy_n(from, O, to + (start + s) * KO + s * O);
        }
    });
}

} // namespace walt::cpu::inline WALT_INSTRUCTION_SET::detail
