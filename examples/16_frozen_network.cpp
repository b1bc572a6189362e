// A frozen network as a loss: two videos are alike where its features of them are. A gradient goes through it to the
// video; its weights get none, and nothing is kept for theirs.
#include <walt/core/model.hpp>
#include <walt/nn/residual_blocks.hpp>
#include <walt/reference.hpp>
#include <walt/testing/gradient_check.hpp>

#include <fmt/core.h>

// [loss]
/// Four convolutions over each frame, 3 to 8 channels. (A network's own file of weights makes this a perceptual loss.)
using features = walt::nn::residual_blocks<3, 8, 2, 4, walt::conv_geometry::same_symmetric({1, 3, 3})>;

/// loss = mean (features(x) - features(y))^2, and dx is its gradient.
template <class Net, class X, class Loss> void feature_distance(const Net& net, X x, X y, Loss loss, X dx) {
    auto& ctx = net.context();
    const walt::arena::scope scope(ctx.arena);
    const features::saved<double> of_x(ctx.arena, x, walt::activations::input_gradient),
        of_y(ctx.arena, y, walt::activations::none);
    net.network().forward(ctx, net.weights(), x, of_x);
    net.network().forward(ctx, net.weights(), y, of_y);
    const auto dfeatures = size_of(x).template take<double, 8>(ctx.arena);
    walt::ops::reconstruction_error(ctx, of_x.output(), of_y.output(), 0, loss, dfeatures);
    net.network().backward(ctx, net.weights(), x, of_x, dfeatures, dx, walt::no_gradients{});
}
// [/loss]

int main() try {
    walt::reference::context device;
    const walt::model<walt::reference::context, features, double> net(device, walt::seed{1});
    const std::vector<double> before = net.host_masters();
    const walt::video_size size{1, 2, 6, 6};
    const auto x = size.take<double, 3>(device.arena), y = size.take<double, 3>(device.arena),
               dx = size.take<double, 3>(device.arena);
    const auto loss = device.arena.take<double, 1>();
    walt::testing::fill_normal(x, 1);
    walt::testing::fill_normal(y, 2);
    const auto distance = [&] {
        feature_distance(net, x, y, loss, dx);
        return loss(0);
    };

    const double first = distance();
    const std::vector<double> gradient(dx.data(), dx.data() + dx.size());
    const double error = walt::testing::check_gradient(x, gradient, distance, 50).worst;
    fmt::print("the gradient of the video is off central differences by {:.1e}\n", error);

    for (int step = 0; step < 50; ++step) {
        distance();
        for (std::int64_t i = 0; i < x.size(); ++i) x.data()[i] -= 5 * dx.data()[i];
    }
    fmt::print("50 steps on the video take the distance from {:.4f} to {:.4f}\n", first, distance());

    const bool frozen = net.host_masters() == before;
    fmt::print("the network's weights are {}\n", frozen ? "what they were" : "others");
    return error < 1e-5 && loss(0) < first / 2 && frozen ? 0 : 1;
} catch (const std::exception& problem) {
    fmt::print(stderr, "{}\n", problem.what());
    return 1;
}
