// The networks of measures whole: what they cost and count, and what is refused of files and clips.
#include "golden_networks.hpp"

#include <walt/cpu.hpp>
#include <walt/meta.hpp>
#include <walt/perceptual/efficientnet.hpp>
#include <walt/testing/gradient_check.hpp>

using namespace walt;
using namespace walt::testing::golden_networks;

namespace {
static_assert(clip_features<network_features<cpu::context, i3d<>, float>>);
static_assert(clip_features<network_features<cpu::context, inception<>, float>>);

/// FLOPs of a pass over one clip of F frames.
template <class Network> double flops(std::int64_t frames) {
    meta::context ctx;
    const model<meta::context, Network, float> net(ctx);
    const auto x = video_size{1, frames, Network::height, Network::width}.take<float, 3>(ctx.arena);
    const auto y = ctx.arena.take<float, dynamic, Network::features>(1);
    if constexpr (Network::features_are_logits) net.network().forward(ctx, net.weights(), x, y, none{});
    else net.network().forward(ctx, net.weights(), x, y, ctx.arena.take<float, dynamic, Network::classes>(1));
    return ctx.flops;
}

/// What is said of a file that is like I3D's golden one but for `mend`.
std::string said_of(const users_file::change& mend) {
    reference::context ctx;
    const users_file weights("i3d", false, mend);
    try {
        const network_features features(ctx, i3d<8>{}, compute<float>, feature_weights(weights.path()));
    } catch (const error& e) {
        const std::string what = e.what(), path = weights.path().string();
        const auto at = what.find(path);
        return at == std::string::npos ? what : what.substr(0, at) + "FILE" + what.substr(at + path.size());
    }
    return "";
}
} // namespace

TEST_CASE("the networks of measures have the sizes that are known of them", "[measures]") {
    // Batch norms are folded, so that a convolution has one bias in place of a norm's scale and shift.
    CHECK(parameter_count<i3d<>> == 12'697'264 - 7'280);
    CHECK(parameter_count<inception<>> == 23'850'960 - 17'216);
    CHECK(parameter_count<c3d<>> == 78'409'573 + 16 * 112 * 112 * 3); // and the mean
    CHECK(parameter_count<efficientnet_lite0> == 4'652'008 - 21'008);
    CHECK(flops<i3d<>>(16) == Approx(2 * 27.9e9).epsilon(0.02));
    CHECK(flops<inception<>>(1) == Approx(2 * 5.7e9).epsilon(0.02));
    CHECK(flops<c3d<>>(16) == Approx(2 * 38.5e9).epsilon(0.02));
    CHECK(flops<efficientnet_lite0>(1) == Approx(2 * 0.39e9).epsilon(0.03));
}

TEST_CASE("a file of weights is refused in a sentence that names what is wrong", "[measures]") {
    const auto all = [](auto&, auto&, auto&) { return true; };
    CHECK(said_of(all) == "");
    CHECK(said_of([](auto& name, auto&, auto&) { return name != "Mixed_4b.b1a.bn.running_var"; }) ==
          "FILE has no tensor Mixed_4b.b1a.bn.running_var");
    CHECK(said_of([](auto& name, auto& shape, auto& values) {
              if (name == "Mixed_4b.b1a.conv3d.weight") shape[0] = 11, values.resize(11 * 60);
              return true;
          }) ==
          "FILE: tensor Mixed_4b.b1a.conv3d.weight should have shape [12, 60, 1, 1, 1] and has [11, 60, 1, 1, 1]");
    CHECK(said_of([](auto& name, auto&, auto&) {
              if (name == "logits.conv3d.bias") name = "logits.bias";
              return true;
          }) == "FILE has no tensor logits.conv3d.bias");
    CHECK(said_of([](auto& name, auto&, auto& values) {
              if (name == "Mixed_3b.b0.bn.running_var") values[3] = -1;
              return true;
          }) ==
          "FILE: element 3 of tensor Mixed_3b.b0.bn.running_var is -1, where a finite number of 0 or more is needed");

    CHECK(said_of([](auto& name, auto&, auto& values) {
              if (name == "Mixed_3b.b0.conv3d.weight") values[7] = std::numeric_limits<float>::infinity();
              return true;
          }) == "FILE: element 7 of tensor Mixed_3b.b0.conv3d.weight is inf, where a finite number is needed");

    // Another network's file; the head that only training has, and counters, are left out.
    reference::context ctx;
    const users_file other("inception");
    CHECK_THROWS_WITH(network_features(ctx, i3d<8>{}, compute<float>, feature_weights(other.path())),
                      Catch::Matchers::EndsWith("has no tensor Conv3d_1a_7x7.conv3d.weight"));
    const auto with = [&](const std::string& more) {
        const users_file file("inception", false, {}, {more});
        network_features(ctx, inception<16>{}, compute<float>, feature_weights(file.path()));
    };
    CHECK_NOTHROW(with("AuxLogits.fc.weight"));
    CHECK_NOTHROW(with("Mixed_5b.branch1x1.bn.num_batches_tracked"));
    CHECK_THROWS_WITH(
        with("Mixed_5b.branch1x1.conv.bias"),
        Catch::Matchers::EndsWith("has a tensor Mixed_5b.branch1x1.conv.bias, which Inception v3, narrowed "
                                  "does not have"));
}

TEST_CASE("every convolution of EfficientNet-Lite0 has the batch norm behind it", "[measures]") {
    std::set<std::string> names;
    for (const parameter_row& row : parameter_table<efficientnet_lite0>()) names.insert(row.name);
    for (const std::string& name : names) {
        CAPTURE(name);
        const bool has_one = names.contains(efficientnet_lite0::norm_of(name) + ".bias");
        CHECK(has_one != name.starts_with("_fc"));
    }
    CHECK(efficientnet_lite0::norm_of("_blocks.10._depthwise_conv.weight") == "_blocks.10._bn1");
    CHECK(efficientnet_lite0::norm_of("_blocks.0._project_conv.weight") == "_blocks.0._bn2");
    CHECK(efficientnet_lite0::norm_of("_blocks.3._bn0.bias") == "_blocks.3._bn0");
    CHECK(efficientnet_lite0::norm_of("_conv_head.weight") == "_bn1");
}

TEST_CASE("halves are read as the floats that they are", "[measures]") {
    reference::context ctx;
    const users_file halves("i3d", true), floats("i3d", false, [](auto&, auto&, auto&values) {
        for (float& value : values) value = static_cast<float>(walt::detail::half{users_file::half_bits(value)});
        return true;
    });
    const network_features a(ctx, i3d<8>{}, compute<float>, feature_weights(halves.path())),
        b(ctx, i3d<8>{}, compute<float>, feature_weights(floats.path()));
    CHECK(a.host_masters() == b.host_masters());
    CHECK(a.identity() == b.identity());
    CHECK(a.identity() != network_features(ctx, i3d<8>{}, compute<float>, seed{1}).identity());
}

TEST_CASE("C3D's mean may be a colour, a clip, or left out", "[measures]") {
    reference::context ctx;
    const auto with = [&](const users_file::change& mend) {
        const users_file file("c3d", false, mend);
        return network_features(ctx, c3d<16>{}, compute<double>, feature_weights(file.path())).host_masters();
    };
    const auto colour = with([](auto& name, auto&, auto& values) {
        if (name == "mean") values = {10, 20, 30};
        return true;
    });
    const auto clip = with([](auto& name, auto& shape, auto& values) {
        if (name == "mean") {
            shape = {16, 112, 112, 3};
            values.resize(16 * 112 * 112 * 3);
            for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(10 * (i % 3 + 1));
        }
        return true;
    });
    CHECK(colour == clip);
    const auto none = with([](auto& name, auto&, auto&) { return name != "mean"; });
    const auto zero = with([](auto& name, auto&, auto& values) {
        if (name == "mean") values = {0, 0, 0};
        return true;
    });
    CHECK(none == zero);
    CHECK(none != colour);
    for (const std::string_view which : {"mean", "conv1.weight"})
        CHECK_THROWS_WITH(with([&](auto& name, auto&, auto& values) {
                              if (name == which) values[0] = std::numeric_limits<float>::infinity();
                              return true;
                          }),
                          Catch::Contains(fmt::format("{} is not finite (", which)));
}

TEST_CASE("clips go through a network a few at a time, and what does not fit is refused", "[measures]") {
    cpu::context ctx;
    const network_features images(ctx, inception<16>{}, compute<float>, seed{3});
    CHECK(images.name() == "Inception v3, narrowed");
    CHECK(images.frechet_name() == "Frechet"); // no FID: the network is another
    CHECK(images.input() == "299 x 299, bilinear");
    clips some;
    some.shape = {3, 4, 20, 24, 3}; // 12 frames: a pass of 8 and one of 4
    some.pixels.resize(static_cast<std::size_t>(some.shape.size()));
    testing::fill_normal(view<float, dynamic>(some.pixels.data(), some.shape.size()), 5, 0.5);
    const feature_rows rows = images(some);
    CHECK(rows.count == 12);
    CHECK(rows.features.size() == 12 * 128);
    CHECK(rows.logits.size() == 12 * 63);
    const feature_rows last = images(some.frames(3, 1));
    for (std::size_t n = 0; n < 3; ++n)
        for (std::size_t c = 0; c < 128; ++c)
            CHECK(last.features[n * 128 + c] == Approx(rows.features[(4 * n + 3) * 128 + c]).margin(1e-5));

    const network_features videos(ctx, i3d<8>{}, compute<float>, seed{3});
    CHECK_THROWS_WITH(videos(some), "I3D halves a clip in time until 2 frames are left of 9; clips of 4 came");
    CHECK_THROWS_WITH(c3d<16>::check_frames(4), "C3D sees clips of 16 frames; clips of 4 came");
    some.shape = {1, 9, 20, 32, 2};
    some.pixels.resize(static_cast<std::size_t>(some.shape.size()));
    CHECK_THROWS_WITH(videos(some), "I3D, narrowed sees 3 channels; clips of 2 came");
    some.shape = {1, 9, 20, 32, 1};
    some.pixels.resize(9 * 20 * 32);
    CHECK_THROWS_WITH(images(some), "Inception v3, narrowed sees 3 channels; clips of 1 came");
    some.shape = {1, 9, 8, 8, 3};
    some.pixels.resize(9 * 8 * 8 * 3);
    CHECK(videos(some).features.size() == 50);
    CHECK(videos(some).logits == videos(some).features);
    some.is_image = {1};
    CHECK_THROWS_WITH(videos(some), "I3D, narrowed sees videos; sample 0 of 1 is a stack of images");
}

TEST_CASE("EfficientNet-Lite0 on the cpu is the reference's", "[measures]") {
    reference::context plain;
    cpu::context fast;
    clips one;
    one.shape = {1, 1, 40, 50, 3};
    one.pixels.resize(static_cast<std::size_t>(one.shape.size()));
    testing::fill_normal(view<float, dynamic>(one.pixels.data(), one.shape.size()), 5, 0.5);
    const network_features right(plain, efficientnet_lite0{}, compute<float>, seed{3});
    const network_features mine(fast, efficientnet_lite0{}, compute<float>, seed{3});
    CHECK(testing::relative_error(mine(one).features.data(), right(one).features) <= 1e-5);
    CHECK(testing::relative_error(mine(one).logits.data(), right(one).logits) <= 1e-5);
}
