// T5's golden file through a device.
#pragma once

#include "../catch.hpp"

#include <walt/core/model.hpp>
#include <walt/testing/golden.hpp>
#include <walt/text/t5.hpp>

namespace walt::testing::golden_t5 {

struct config : t5_config {
    static constexpr int layers = 3, width = 24, heads = 3, head_dim = 10, ff = 40, vocabulary = 60;
};
inline constexpr double in_double = 1e-6, in_float = 1e-5, in_bf16 = 2e-2;
inline const std::filesystem::path path = std::filesystem::path(WALT_TEST_DATA) / "golden/t5_small_random.safetensors";

template <class T, class Context> void check(Context& ctx, double most) {
    using A = accumulate_t<T>;
    const golden_file golden(path);
    model<Context, t5<config>, T> network(ctx);
    for (const parameter_row& row : network.table()) network.set(row, golden.values<A>(row.name, row.shape));

    const arena::scope scope(ctx.arena);
    const auto ids = to_device<std::int32_t>(ctx, golden.values<std::int32_t>("in.ids", {3, 150}));
    const auto mask = to_device<std::uint8_t>(ctx, golden.values<std::uint8_t>("in.mask", {3, 150}));
    const auto hidden = ctx.arena.template take<A, dynamic, config::width>(3 * 150);
    network.network().forward(ctx, network.weights(), ids.read(), mask.template as<dynamic, dynamic>(3, 150).read(),
                              hidden);
    std::vector<A> host(static_cast<std::size_t>(hidden.size()));
    ctx.download(host.data(), hidden.data(), host.size() * sizeof(A));
    const double error = golden.output_error("out.hidden", host.data());
    INFO("error " << error);
    CHECK(error <= most);
}

} // namespace walt::testing::golden_t5
