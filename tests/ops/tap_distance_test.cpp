// The distance of features: known values, finite differences, the CPU against the reference.
#include "against_reference.hpp"

#include <walt/ops/cpu/tap_distance.hpp>
#include <walt/ops/meta/tap_distance.hpp>

using namespace walt;

TEST_CASE("the distance of features is that of their directions", "[ops][tap_distance]") {
    reference::context ctx;
    const video_size size{1, 1, 1, 2};
    const auto a = size.take<double, 2>(ctx.arena), b = size.take<double, 2>(ctx.arena);
    const auto weight = ctx.arena.take<double, 2>();
    const auto distance = ctx.arena.take<double, 1>();
    const std::vector<double> one{3, 4, 0, 0}, other{8, 6, 5, 0}; // (.6, .8), nothing; (.8, .6), (1, 0)
    std::copy(one.begin(), one.end(), a.data());
    std::copy(other.begin(), other.end(), b.data());
    ops::tap_distance(ctx, a, b, none{}, distance, none{});
    CHECK(distance(0) == Approx((0.04 + 0.04 + 1) / 2).epsilon(1e-10));
    weight(0) = 0.5, weight(1) = 10;
    ops::tap_distance(ctx, a, b, weight, distance, none{});
    CHECK(distance(0) == Approx((0.5 * 0.04 + 10 * 0.04 + 0.5) / 2).epsilon(1e-10));
}

TEST_CASE("the distance's gradient is that of finite differences", "[ops][tap_distance]") {
    reference::context ctx;
    const video_size size{2, 2, 3, 2};
    const auto a = normals(size.take<double, 5>(ctx.arena), 1), b = normals(size.take<double, 5>(ctx.arena), 2),
               da = size.take<double, 5>(ctx.arena);
    const auto weight = normals(ctx.arena.take<double, 5>(), 3);
    const auto distance = ctx.arena.take<double, 1>();
    const auto check = [&](auto heads) {
        ops::tap_distance(ctx, a, b, heads, distance, da);
        const auto f = [&] {
            ops::tap_distance(ctx, a, b, heads, distance, none{});
            return distance(0);
        };
        CHECK(testing::check_gradient(a, da, f).worst < 1e-6);
    };
    check(none{});
    check(weight);
}

TEST_CASE("features that are all zero have a gradient that is a number", "[ops][tap_distance]") {
    cpu::context ctx;
    const video_size size{1, 1, 2, 2};
    const auto a = size.take<float, 3>(ctx.arena), b = normals(size.take<float, 3>(ctx.arena), 2),
               da = size.take<float, 3>(ctx.arena);
    for (std::int64_t i = 0; i < a.size(); ++i) a.data()[i] = 0;
    const auto distance = ctx.arena.take<float, 1>();
    ops::tap_distance(ctx, a, b, none{}, distance, da);
    for (std::int64_t i = 0; i < da.size(); ++i) CHECK(std::abs(da.data()[i]) < 2e5f); // at most 2 / sqrt(1e-10)
}

TEST_CASE("the cpu's distance of features is the reference's", "[ops][tap_distance]") {
    const auto run = [](auto heads) {
        agrees_with_reference(
            [&](auto& ctx, auto type) {
                using T = decltype(type);
                using A = accumulate_t<T>;
                const video_size size{2, 3, 20, 20};
                const auto a = normals(size.take<T, 37>(ctx.arena), 1), b = normals(size.take<T, 37>(ctx.arena), 2),
                           da = size.take<T, 37>(ctx.arena);
                const auto weight = normals(ctx.arena.template take<A, 37>(), 3);
                const auto distance = ctx.arena.template take<A, 1>(), alone = ctx.arena.template take<A, 1>();
                const auto call = [&](auto w) {
                    ops::tap_distance(ctx, a, b, w, distance, da);
                    ops::tap_distance(ctx, a, b, w, alone, none{});
                };
                if constexpr (heads) call(weight);
                else call(none{});
                return std::vector{doubles(distance), doubles(alone), doubles(da)};
            },
            1e-5, 4e-3);
    };
    run(std::true_type{});
    run(std::false_type{});
}

TEST_CASE("meta counts the distance of features", "[ops][tap_distance]") {
    meta::context ctx;
    const auto a = video_size{1, 2, 4, 6}.take<float, 5>(ctx.arena);
    ops::tap_distance(ctx, a, a, none{}, ctx.arena.take<float, 1>(), none{});
    CHECK(ctx.bytes == 2 * 4 * 5 * 48);
    ops::tap_distance(ctx, a, a, ctx.arena.take<float, 5>(), ctx.arena.take<float, 1>(), a);
    CHECK(ctx.bytes == 5 * 4 * 5 * 48 + 4 * 5);
}
