// The perceptual distance's golden file through a device: taps, distance, gradient into the pixels.
#pragma once

#include "../catch.hpp"

#include <walt/perceptual/distance.hpp>
#include <walt/perceptual/vgg.hpp>
#include <walt/testing/golden.hpp>

namespace walt::testing::golden_perceptual {

struct config : vgg16 {
    static constexpr std::array widths{5, 7}, convolutions{1, 2};
};
using network = perceptual_network<vgg<config>>;

struct tolerance {
    double value, gradient;
};
inline constexpr tolerance in_double{1e-6, 1e-6}, in_float{1e-5, 1e-5}, in_bf16{5e-3, 1e-1};

/// A view's elements on the host, as doubles.
template <class Context, class V> std::vector<double> downloaded(Context& ctx, const V& there) {
    std::vector<std::remove_const_t<typename V::element>> host(static_cast<std::size_t>(there.size()));
    ctx.download(host.data(), there.data(), host.size() * sizeof(host[0]));
    std::vector<double> all(host.size());
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<double>(host[i]);
    return all;
}

template <class T, class Context> void check(Context& ctx, const tolerance& most) {
    using A = accumulate_t<T>;
    const golden_file golden(std::filesystem::path(WALT_TEST_DATA) / "golden/recipe/perceptual.safetensors");
    perceptual_distance distance(ctx, network{}, compute<T>, seed{1});
    distance.net().assign(golden.parameters<network, A>());

    const arena::scope scope(ctx.arena);
    constexpr video_size size{2, 3, 12, 10};
    const auto take = [&](const char* name) {
        const auto there = size.take<A, 3>(ctx.arena);
        const std::vector<A> host = golden.values<A>(name, {2, 3, 12, 10, 3});
        ctx.upload(there.data(), host.data(), host.size() * sizeof(A));
        return there;
    };
    const auto x = take("in.x"), y = take("in.y"), dy = size.take<A, 3>(ctx.arena);
    const auto value = ctx.arena.template take<A, 1>(), alone = ctx.arena.template take<A, 1>();
    distance(y, x, value, dy);
    distance(y, x, alone, none{});

    const double found = downloaded(ctx, value)[0], right = golden.scalar("out.distance");
    CHECK(std::abs(found - right) <= most.value * right);
    CHECK(downloaded(ctx, alone)[0] == found);
    INFO("gradient " << golden.output_error("grad.in.y", downloaded(ctx, dy).data()));
    CHECK(golden.output_error("grad.in.y", downloaded(ctx, dy).data()) <= most.gradient);

    // The taps of x, which the distance does not show, in what the network sees.
    std::vector<A> seen = golden.values<A>("in.x");
    for (std::size_t i = 0; i < seen.size(); ++i)
        seen[i] = (seen[i] - static_cast<A>(config::shift[i % 3])) / static_cast<A>(config::scale[i % 3]);
    const auto pixels = size.take<A, 3>(ctx.arena);
    ctx.upload(pixels.data(), seen.data(), seen.size() * sizeof(A));
    const vgg<config>::saved<T> keep(ctx.arena, size, activations::none);
    distance.net().network().features.forward(ctx, distance.net().weights(), pixels, keep);
    CHECK(golden.output_error("out.tap.0", downloaded(ctx, keep.template tap<0>()).data()) <= most.value);
    CHECK(golden.output_error("out.tap.1", downloaded(ctx, keep.template tap<1>()).data()) <= most.value);
}

} // namespace walt::testing::golden_perceptual
