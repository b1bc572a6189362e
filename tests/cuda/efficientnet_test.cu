// EfficientNet-Lite0 on the CUDA device, on an image smaller than it usually sees, against the reference.
#include "../catch.hpp"

#include <walt/core/model.hpp>
#include <walt/ops/cuda/average_pool.cuh>
#include <walt/ops/cuda/conv3d.cuh>
#include <walt/ops/cuda/depthwise_conv.cuh>
#include <walt/ops/cuda/latent_statistics.cuh>
#include <walt/ops/cuda/pointwise.cuh>
#include <walt/perceptual/efficientnet.hpp>
#include <walt/reference.hpp>
#include <walt/testing/gradient_check.hpp>
#include <walt/testing/relative_error.hpp>

namespace tests {
using namespace walt;

namespace {
/// Features and logits of a fixed image, by a network of starting values.
template <class Context> std::vector<double> rows_on(Context& ctx) {
    using net = efficientnet_lite0;
    const model<Context, net, float> network(ctx, seed{3});
    const arena::scope scope(ctx.arena);
    const video_size size{1, 1, 32, 40};
    std::vector<float> host(static_cast<std::size_t>(size.positions() * 3));
    testing::fill_normal(host, 1, 0.5);
    const auto x = size.take<float, 3>(ctx.arena);
    ctx.upload(x.data(), host.data(), host.size() * sizeof(float));
    const auto rows = ctx.arena.template take<float, dynamic>(net::features + net::classes);
    network.network().forward(ctx, network.weights(), x, view<float, dynamic, net::features>(rows.data(), 1),
                              view<float, dynamic, net::classes>(rows.data() + net::features, 1));
    host.resize(static_cast<std::size_t>(rows.size()));
    ctx.download(host.data(), rows.data(), host.size() * sizeof(float));
    return {host.begin(), host.end()};
}
} // namespace

TEST_CASE("cuda: EfficientNet-Lite0 agrees with the reference", "[cuda][measures]") {
    walt::cuda::context device;
    reference::context plain;
    CHECK(testing::relative_error(rows_on(device).data(), rows_on(plain)) <= 1e-5);
}

} // namespace tests
