// The perceptual distance over each form of network on the CUDA device, against the reference in double.
#include "../catch.hpp"
#include "../perceptual/small_networks.hpp"

#include <walt/ops/cuda/blur.cuh>
#include <walt/ops/cuda/conv3d.cuh>
#include <walt/ops/cuda/group_norm.cuh>
#include <walt/ops/cuda/latent_statistics.cuh>
#include <walt/ops/cuda/max_pool.cuh>
#include <walt/ops/cuda/pointwise.cuh>
#include <walt/ops/cuda/tap_distance.cuh>
#include <walt/perceptual/item_features.hpp>
#include <walt/reference.hpp>
#include <walt/testing/gradient_check.hpp>
#include <walt/testing/relative_error.hpp>

namespace tests {
using namespace walt;
using namespace small_networks;

namespace {
struct found {
    std::vector<double> gradient;
    double value;
};
/// The distance of two fixed videos and its gradient, by a network of starting values.
template <class T, class Network, class Context> found distance_on(Context& ctx, const video_size& size) {
    using A = accumulate_t<T>;
    const perceptual_distance distance(ctx, Network{}, compute<T>, seed{3});
    const arena::scope scope(ctx.arena);
    const auto numbers = [&](std::uint64_t stream) {
        std::vector<A> host(static_cast<std::size_t>(size.positions() * 3));
        testing::fill_normal(host, stream, 0.5);
        const auto there = size.take<A, 3>(ctx.arena);
        ctx.upload(there.data(), host.data(), host.size() * sizeof(A));
        return there;
    };
    const auto x = numbers(1), y = numbers(2), dx = numbers(3);
    const auto value = ctx.arena.template take<A, 1>();
    distance(x, y, value, dx);
    std::vector<A> host(static_cast<std::size_t>(dx.size()));
    A one{};
    ctx.download(host.data(), dx.data(), host.size() * sizeof(A));
    ctx.download(&one, value.data(), sizeof(A));
    return {{host.begin(), host.end()}, static_cast<double>(one)};
}
template <class Network> void agrees(const video_size& size) {
    reference::context plain;
    walt::cuda::context device;
    const auto check = [&](const found& mine, const found& right, double value, double gradient) {
        CHECK(std::abs(mine.value - right.value) <= value * right.value);
        CHECK(testing::relative_error(mine.gradient.data(), right.gradient) <= gradient);
    };
    check(distance_on<float, Network>(device, size), distance_on<double, Network>(plain, size), 1e-5, 1e-5);
    // In bf16 a ReLU or a maximum near a tie goes either way, so the gradient is that of the reference in bf16.
    check(distance_on<bf16, Network>(device, size), distance_on<bf16, Network>(plain, size), 5e-3, 1e-1);
}
} // namespace

TEST_CASE("cuda: the perceptual distance agrees with the reference", "[cuda][perceptual]") {
    agrees<perceptual_network<vgg<shift_tolerant>>>({2, 2, 8, 9});
    agrees<perceptual_network<alex, false>>({1, 3, 8, 9});
    agrees<perceptual_network<item_features, false>>({1, 2, 12, 10});
}

} // namespace tests
