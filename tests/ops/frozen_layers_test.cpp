// Ops of the networks of measures, which have no backward pass: known values, the CPU against the reference, costs.
#include "against_reference.hpp"

#include <walt/cpu.hpp>
#include <walt/meta.hpp>

using namespace walt;

namespace {
constexpr conv_geometry valid = conv_geometry::valid({2, 2, 2}), middle = conv_geometry::each_frame(3, 1, 1),
                        uneven{{3, 2, 1, 1}, {3, 2, 0, 1}, {2, 1, 1, 0}};

/// A row of pixels, resized.
std::vector<double> resized(resizing how, const std::vector<double>& row, std::int64_t outputs) {
    reference::context ctx;
    const auto x = video_size{1, 1, 1, static_cast<std::int64_t>(row.size())}.take<double, 1>(ctx.arena),
               y = video_size{1, 1, 1, outputs}.take<double, 1>(ctx.arena);
    std::copy(row.begin(), row.end(), x.data());
    ops::resize(ctx, how, x, y);
    return doubles(y);
}
} // namespace

TEST_CASE("a window's mean counts what lies inside alone", "[ops][average_pool]") {
    reference::context ctx;
    const auto x = video_size{1, 1, 2, 3}.take<double, 1>(ctx.arena),
               y = video_size{1, 1, 2, 3}.take<double, 1>(ctx.arena);
    const std::vector<double> image{1, 2, 3, 5, 8, 11};
    std::copy(image.begin(), image.end(), x.data());
    ops::average_pool(ctx, middle, x, y);
    CHECK(doubles(y) == std::vector<double>{4, 5, 6, 4, 5, 6}); // of 4 elements at the corners, of all 6 between
    CHECK_THROWS_WITH(ops::average_pool(ctx, conv_geometry::each_frame(2, 1, 2), x, y),
                      Catch::Matchers::Contains("padding is less than the kernel"));
}

TEST_CASE("the cpu's means of windows are the reference's", "[ops][average_pool]") {
    const auto g = GENERATE(valid, middle, uneven);
    agrees_with_reference(
        [&](auto& ctx, auto type) {
            using T = decltype(type);
            const video_size size{2, 3, 12, 10};
            const auto x = normals(size.take<T, 20>(ctx.arena), 1), y = g.after(size).template take<T, 20>(ctx.arena);
            ops::average_pool(ctx, g, x, y);
            return std::vector<std::vector<double>>{doubles(y)};
        },
        1e-6, 4e-3);
}

TEST_CASE("channels stand where they are put, and the others stay", "[ops][put_channels]") {
    const auto put = [](auto& ctx, auto type) {
        using T = decltype(type);
        const video_size size{2, 3, 4, 5};
        const auto x = normals(size.take<T, 3>(ctx.arena), 1);
        const auto y = normals(size.take<T, 8>(ctx.arena), 2);
        ops::put_channels(ctx, x, y, 4);
        return std::vector{doubles(x), doubles(y)};
    };
    reference::context ctx;
    const auto found = put(ctx, double{});
    const auto before = doubles(normals(video_size{2, 3, 4, 5}.take<double, 8>(ctx.arena), 2));
    for (std::size_t i = 0; i < before.size(); ++i) {
        const std::size_t c = i % 8;
        CHECK(found[1][i] == (c >= 4 && c < 7 ? found[0][i / 8 * 3 + c - 4] : before[i]));
    }
    agrees_with_reference(put, 0, 0);
    const auto x = video_size{1, 1, 1, 1}.take<double, 3>(ctx.arena);
    const auto y = video_size{1, 1, 1, 1}.take<double, 5>(ctx.arena);
    CHECK_THROWS_WITH(ops::put_channels(ctx, x, y, 3), "ops::put_channels: 3 channels from 3 on do not fit into 5");
}

TEST_CASE("each convention of resizing has its places", "[ops][resize]") {
    using list = std::vector<double>;
    CHECK(resized(resizing::corners, {0, 4, 8}, 6) == list{0, 2, 4, 6, 8, 8});
    CHECK(resized(resizing::centres, {0, 4, 8}, 6) == list{0, 1, 3, 5, 7, 8});
    CHECK(resized(resizing::ends, {0, 4, 8}, 5) == list{0, 2, 4, 6, 8});
    CHECK(resized(resizing::corners, {0, 1, 2, 3}, 2) == list{0, 2});
    CHECK(resized(resizing::centres, {0, 1, 2, 3}, 2) == list{0.5, 2.5}); // not the mean of all: nothing is blurred
    CHECK(resized(resizing::ends, {0, 1, 2, 3}, 2) == list{0, 3});
    CHECK(resized(resizing::ends, {5, 6}, 1) == list{5});
    CHECK(resized(resizing::centres, {7}, 3) == list{7, 7, 7});
}

TEST_CASE("the cpu resizes as the reference does", "[ops][resize]") {
    const auto how = GENERATE(resizing::corners, resizing::centres, resizing::ends);
    agrees_with_reference(
        [&](auto& ctx, auto type) {
            using T = decltype(type);
            const auto x = normals(video_size{2, 3, 12, 10}.take<T, 3>(ctx.arena), 1),
                       y = video_size{2, 3, 7, 31}.take<T, 3>(ctx.arena);
            ops::resize(ctx, how, x, y);
            return std::vector<std::vector<double>>{doubles(y)};
        },
        1e-6, 4e-3);
}

TEST_CASE("a convolution of each channel is one of all whose kernel is diagonal", "[ops][depthwise_conv]") {
    const auto g = GENERATE(conv_geometry::valid({2, 3, 2}), middle, uneven);
    const auto run = [&](auto& ctx, auto type) {
        using T = decltype(type);
        constexpr int C = 6;
        const video_size size{2, 3, 7, 8};
        const std::int64_t taps = g.time.kernel * g.height.kernel * g.width.kernel;
        const auto x = normals(size.take<T, C>(ctx.arena), 1), y = g.after(size).template take<T, C>(ctx.arena);
        const auto w = normals(
            ctx.arena.template take<T, C, dynamic, dynamic, dynamic, 1>(g.time.kernel, g.height.kernel, g.width.kernel),
            2);
        const auto bias = normals(ctx.arena.template take<accumulate_t<T>, C>(), 3);
        ops::depthwise_conv(ctx, g, x, w, bias, y);

        const auto all =
            ctx.arena.template take<T, C, dynamic, dynamic, dynamic, C>(g.time.kernel, g.height.kernel, g.width.kernel);
        std::fill_n(all.data(), all.size(), T(0.0f));
        for (std::int64_t c = 0; c < C; ++c)
            for (std::int64_t tap = 0; tap < taps; ++tap)
                all.data()[(c * taps + tap) * C + c] = w.data()[c * taps + tap];
        const auto full = g.after(size).template take<T, C>(ctx.arena);
        ops::conv3d(ctx, g, x, all, bias, full);
        CHECK(testing::relative_error(doubles(y).data(), doubles(full)) <= (sizeof(T) == 2 ? 4e-3 : 1e-6));
        return std::vector<std::vector<double>>{doubles(y)};
    };
    agrees_with_reference(run, 1e-6, 4e-3);
}

TEST_CASE("meta counts what frozen layers cost", "[ops][meta]") {
    meta::context ctx;
    const auto x = video_size{1, 2, 4, 6}.take<float, 5>(ctx.arena),
               half = video_size{1, 2, 2, 3}.take<float, 5>(ctx.arena);
    const auto y = video_size{1, 2, 4, 6}.take<float, 8>(ctx.arena);
    ops::average_pool(ctx, conv_geometry::each_frame(2, 2, 0), x, half);
    CHECK(ctx.bytes == 4 * 5 * (48 + 12));
    ops::resize(ctx, resizing::centres, x, half);
    CHECK(ctx.bytes == 2 * 4 * 5 * (48 + 12));
    ops::put_channels(ctx, x, y, 3);
    CHECK(ctx.bytes == 2 * 4 * 5 * (48 + 12) + 2 * 4 * 5 * 48);
    CHECK(ctx.flops == 0);
    const auto w = ctx.arena.take<float, 5, 1, 2, 2, 1>();
    const auto bias = ctx.arena.take<float, 5>();
    ops::depthwise_conv(ctx, conv_geometry::each_frame(2, 2, 0), x, w, bias, half);
    CHECK(ctx.flops == 2 * 5 * 4 * 12);
}
