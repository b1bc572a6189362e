// The golden files of text networks through a device.
#pragma once

#include "../catch.hpp"

#include <walt/core/model.hpp>
#include <walt/testing/golden.hpp>
#include <walt/text/bert.hpp>
#include <walt/text/t5.hpp>

namespace walt::testing::golden_network {

struct t5_small : t5_config {
    static constexpr const char* file = "golden/t5_small_random.safetensors";
    static constexpr int layers = 3, width = 24, heads = 3, head_dim = 10, ff = 40, vocabulary = 60;
};
struct bert_small : bert_config {
    static constexpr const char* file = "golden/bert_small_random.safetensors";
    static constexpr int layers = 2, width = 24, heads = 3, ff = 40, vocabulary = 50, positions = 32;
};
inline constexpr double in_double = 1e-6, in_float = 1e-5, in_bf16 = 2e-2;

/// Network: t5<t5_small> or bert<bert_small>.
template <class Network, class T, class Context> void check(Context& ctx, double most) {
    using A = accumulate_t<T>;
    const golden_file golden(std::filesystem::path(WALT_TEST_DATA) / Network::config_type::file);
    const std::vector<std::int64_t> shape = golden.file().tensor("in.ids").shape;
    model<Context, Network, T> network(ctx);
    for (const parameter_row& row : network.table()) network.set(row, golden.values<A>(row.name, row.shape));

    const arena::scope scope(ctx.arena);
    const auto ids = to_device<std::int32_t>(ctx, golden.values<std::int32_t>("in.ids"));
    const auto mask = to_device<std::uint8_t>(ctx, golden.values<std::uint8_t>("in.mask", shape));
    const auto hidden = ctx.arena.template take<A, dynamic, Network::width>(ids.size());
    network.network().forward(ctx, network.weights(), ids.read(),
                              mask.template as<dynamic, dynamic>(shape[0], shape[1]).read(), hidden);
    std::vector<A> host(static_cast<std::size_t>(hidden.size()));
    ctx.download(host.data(), hidden.data(), host.size() * sizeof(A));
    const double error = golden.output_error("out.hidden", host.data());
    INFO("error " << error);
    CHECK(error <= most);
}

} // namespace walt::testing::golden_network
