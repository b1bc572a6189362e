// Gradients that nobody wants: with none{} or an empty view the others keep their bits, and where none is wanted
// nothing runs.
#include "../catch.hpp"
#include "operands.hpp"

#include <walt/cpu.hpp>
#include <walt/meta.hpp>

using namespace walt;

namespace {

/// A gradient that is wanted: a view of memory filled with numbers, so that adding and assigning can be told apart.
template <class T, int... Extent> auto started(auto& ctx, auto... count) {
    return normals(ctx.arena.template take<T, Extent...>(count...), 99);
}
template <class V> V empty(const V& like) { return like.over(static_cast<typename V::element*>(nullptr)); }

/// Gradient number Wanted alone, the others empty views, then the others left out.
template <std::size_t Wanted, class Make, class Backward, class All, std::size_t... I>
void keeps_one(const Make& make, const Backward& backward, const All& all, std::index_sequence<I...>) {
    CAPTURE(Wanted);
    const auto with_empty = make(), with_none = make();
    backward(I == Wanted ? std::get<I>(with_empty) : empty(std::get<I>(with_empty))...);
    CHECK(bytes(std::get<Wanted>(with_empty)) == bytes(std::get<Wanted>(all)));
    const auto or_none = []<std::size_t J>(const auto& d) {
        if constexpr (J == Wanted) return d;
        else return none{};
    };
    backward(or_none.template operator()<I>(std::get<I>(with_none))...);
    CHECK(bytes(std::get<Wanted>(with_none)) == bytes(std::get<Wanted>(all)));
}

template <class Make, class Backward, std::size_t... I>
void keeps_each(const Make& make, const Backward& backward, std::index_sequence<I...> gradients) {
    const auto all = make();
    backward(std::get<I>(all)...);
    (keeps_one<I>(make, backward, all, gradients), ...);
    backward(empty(std::get<I>(all))...); // nothing is wanted: nothing runs
}

/// backward(gradient...) must give every gradient the same bits, whichever of the others are wanted. make() takes the
/// gradients from the arena, freshly started.
template <class Make, class Backward> void keeps_bits(auto& ctx, const Make& make, const Backward& backward) {
    CAPTURE(ctx.name);
    keeps_each(make, backward, std::make_index_sequence<std::tuple_size_v<decltype(make())>>{});
}

template <class Context> void linear_maps() {
    Context ctx;
    const auto x = normals(ctx.arena.template take<float, dynamic, 24>(37), 1);
    const auto dy = normals(ctx.arena.template take<float, dynamic, 40>(37), 2);
    keeps_bits(
        ctx, [&] { return std::tuple(started<float, 40, 24>(ctx), started<float, 40>(ctx)); },
        [&](auto dw, auto db) { ops::linear_grad_weight(ctx, x, dy, dw, db); });
    Context fresh; // whose arena has seen nothing: a bias alone is a sum, without room for the matrix
    const auto db = started<float, 40>(ctx);
    ops::linear_grad_weight(fresh, x, dy, view<float, 40, 24>(), db);
    ops::linear_grad_weight(fresh, x, dy, none{}, db);
    CHECK(fresh.arena.peak() == 0);
}

template <class Context> void windows() {
    using order = token_order<4, 4, 4, 4, 2, 2>;
    using shape = attention_shape<order, 3, 3, 2, 2, 2, 8, true, image_rule::identity>;
    constexpr int rows = 2 * 3 * 16, D = shape::width;
    Context ctx;
    const auto take = [&]<int... Extent>(view<float, Extent...>, std::uint64_t stream, auto... count) {
        return normals(ctx.arena.template take<float, Extent...>(count...), stream);
    };
    const auto qkv = take(view<float, dynamic, 3 * D>(), 1, rows);
    const auto out = take(view<float, dynamic, D>(), 2, rows), dout = take(view<float, dynamic, D>(), 3, rows);
    const auto lse = take(view<float, dynamic, 2>(), 4, rows);
    const auto norm = take(view<float, 8>(), 5);
    const auto bias = take(view<float, 2, shape::bias_size>(), 6);
    const auto is_image = ctx.arena.template take<std::uint8_t, dynamic>(2);
    is_image(0) = 0;
    is_image(1) = 1;
    ops::window_attention<shape>(ctx, qkv, norm, norm, bias, is_image, out, lse);
    keeps_bits(
        ctx,
        [&] {
            return std::tuple(started<float, dynamic, 3 * D>(ctx, rows), started<float, 8>(ctx), started<float, 8>(ctx),
                              started<float, 2, shape::bias_size>(ctx));
        },
        [&](auto dqkv, auto dq_norm, auto dk_norm, auto dbias) {
            ops::window_attention_grad<shape>(ctx, qkv, norm, norm, bias, is_image, out, lse, dout, dqkv, dq_norm,
                                              dk_norm, dbias);
        });
}

template <class Context> void texts() {
    using shape = cross_shape<4, 3, 2, 8, true>;
    constexpr int frames = 3, rows = frames * 4, text_rows = 2 * 3, D = shape::width;
    Context ctx;
    const auto take = [&]<int... Extent>(view<float, Extent...>, std::uint64_t stream, auto... count) {
        return normals(ctx.arena.template take<float, Extent...>(count...), stream);
    };
    const auto q = take(view<float, dynamic, D>(), 1, rows);
    const auto kv = take(view<float, dynamic, 2 * D>(), 2, rows),
               text_kv = take(view<float, dynamic, 2 * D>(), 3, text_rows);
    const auto out = take(view<float, dynamic, D>(), 4, rows), dout = take(view<float, dynamic, D>(), 5, rows);
    const auto lse = take(view<float, dynamic, 2>(), 6, rows);
    const auto norm = take(view<float, 8>(), 7);
    const auto text_row = ctx.arena.template take<std::int32_t, dynamic>(frames);
    const auto valid = ctx.arena.template take<std::uint8_t, dynamic>(text_rows);
    for (int f = 0; f < frames; ++f) text_row(f) = f % 2;
    for (int i = 0; i < text_rows; ++i) valid(i) = i != 2;
    ops::cross_attention<shape>(ctx, q, kv, text_kv, text_row, valid, norm, norm, out, lse);
    keeps_bits(
        ctx,
        [&] {
            return std::tuple(started<float, dynamic, D>(ctx, rows), started<float, dynamic, 2 * D>(ctx, rows),
                              started<float, dynamic, 2 * D>(ctx, text_rows), started<float, 8>(ctx),
                              started<float, 8>(ctx));
        },
        [&](auto dq, auto dkv, auto dtext_kv, auto dq_norm, auto dk_norm) {
            ops::cross_attention_grad<shape>(ctx, q, kv, text_kv, text_row, valid, norm, norm, out, lse, dout, dq, dkv,
                                             dtext_kv, dq_norm, dk_norm);
        });
}

template <class Context> void tables() {
    using order = token_order<2, 2, 2, 2, 1, 2>;
    Context ctx;
    const auto dh = normals(ctx.arena.template take<float, dynamic, 5>(24), 1); // 2 samples of 3 frames of 4 tokens
    const auto index = ctx.arena.template take<std::int32_t, dynamic>(24);
    const auto is_image = ctx.arena.template take<std::uint8_t, dynamic>(2);
    for (int i = 0; i < 24; ++i) index(i) = i % 3;
    is_image(0) = 1;
    is_image(1) = 0;
    keeps_bits(
        ctx, [&] { return std::tuple(started<float, 4, 5>(ctx), started<float, 3, 5>(ctx)); },
        [&](auto dspace, auto dtime) { ops::add_positions_grad<order>(ctx, dh, is_image, dspace, dtime); });
    keeps_bits(
        ctx, [&] { return std::tuple(started<float, 3, 5>(ctx)); },
        [&](auto dtable) { ops::add_rows_grad(ctx, dh, index, dtable); });
    const auto valid = ctx.arena.template take<std::uint8_t, dynamic>(24);
    for (int i = 0; i < 24; ++i) valid(i) = i % 4 != 1;
    keeps_bits(
        ctx, [&] { return std::tuple(started<float, dynamic, 5>(ctx, 24), started<float, 5>(ctx)); },
        [&](auto dx, auto dabsent) { ops::valid_rows_grad(ctx, dh, valid, dx, dabsent); });
}

template <class Context> void convolutions() {
    constexpr auto geometry = conv_geometry::causal({3, 3, 3});
    Context ctx;
    const auto x = normals(ctx.arena.template take<float, dynamic, dynamic, dynamic, dynamic, 8>(2, 3, 4, 5), 1);
    const auto dy = normals(ctx.arena.template take<float, dynamic, dynamic, dynamic, dynamic, 16>(2, 3, 4, 5), 2);
    const auto gradient = [&](auto dw, auto db) { ops::conv3d_grad_weight(ctx, geometry, x, dy, dw, db); };
    const auto kernel = [&] { return started<float, 16, 3, 3, 3, 8>(ctx); };
    const auto bias = [&] { return started<float, 16>(ctx); };
    const auto dw = kernel(), dw_without = kernel(), dw_alone = kernel();
    const auto db = bias(), db_alone = bias();
    gradient(dw, db);
    gradient(dw_without, none{});
    gradient(dw_alone, empty(db));
    gradient(empty(dw), db_alone);
    gradient(empty(dw), empty(db));
    gradient(none{}, none{});
    CHECK(bytes(dw_without) == bytes(dw));
    CHECK(bytes(dw_alone) == bytes(dw));
    CHECK(bytes(db_alone) == bytes(db));
}

template <class Context> void frame_norms() {
    constexpr int frames = 6;
    Context ctx;
    const auto clip = [&](std::uint64_t stream) {
        return normals(ctx.arena.template take<float, dynamic, dynamic, dynamic, dynamic, 8>(2, 3, 4, 5), stream);
    };
    const auto rows = [&](std::uint64_t stream) {
        return normals(ctx.arena.template take<float, dynamic, 8>(frames), stream);
    };
    const frame_rows each{.frames = 3, .latent_frames = 3};
    const auto x = clip(1), y = clip(2), dy = clip(3);
    const auto scale = rows(4), shift = rows(5);
    const auto statistics = ctx.arena.template take<float, dynamic, 2, 2>(frames);
    ops::group_norm<activation::silu>(ctx, x, scale, shift, each, y, statistics);
    const auto dx = clip(98), dx_alone = clip(98);
    keeps_bits(
        ctx, [&] { return std::tuple(rows(98), rows(97)); },
        [&](auto dscale, auto dshift) {
            ops::group_norm_grad<activation::silu>(ctx, x, scale, shift, each, statistics, dy, dx, dscale, dshift);
        });
    ops::group_norm_grad<activation::silu>(ctx, x, scale, shift, each, statistics, dy, dx_alone, none{}, none{});
    CHECK(bytes(dx_alone) == bytes(dx));
    keeps_bits(
        ctx, [&] { return std::tuple(rows(98), rows(97)); },
        [&](auto dscale, auto dshift) {
            const auto sum = clip(98);
            ops::group_norm_grad_add<activation::silu>(ctx, x, scale, shift, each, statistics, dy, sum, dscale, dshift);
        });
}

} // namespace

TEST_CASE("gradients keep their bits where others are not wanted", "[ops][fronts]") {
    linear_maps<reference::context>();
    linear_maps<cpu::context>();
    windows<reference::context>();
    windows<cpu::context>();
    texts<reference::context>();
    texts<cpu::context>();
    convolutions<reference::context>();
    convolutions<cpu::context>();
    frame_norms<reference::context>();
    frame_norms<cpu::context>();
    tables<reference::context>();
    tables<cpu::context>();
}

TEST_CASE("the counting device, whose views are all empty, counts what is not left out", "[ops][fronts]") {
    meta::context ctx;
    const view<float, dynamic, 4> x(nullptr, 3);
    const view<float, dynamic, 5> dy(nullptr, 3);
    ops::linear_grad_weight(ctx, x, dy, none{}, none{});
    CHECK(ctx.calls == 0);
    ops::linear_grad_weight(ctx, x, dy, view<float, 5, 4>(), none{});
    CHECK(ctx.calls == 1);
    CHECK(ctx.flops == 2 * 3 * 4 * 5);
    ops::linear_grad_weight(ctx, x, dy, none{}, view<float, 5>());
    CHECK(ctx.calls == 2);
    CHECK(ctx.flops == 2 * 3 * 4 * 5 + 3 * 5); // the sum alone
}
