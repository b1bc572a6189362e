// 3D convolution: the formula for every kind of edge, finite differences, chunks against the whole, oneDNN against the
// loops, and what meta counts.
#include "conv3d_operands.hpp"

#include <walt/ops/cpu/pointwise.hpp>
#include <walt/ops/meta/conv3d.hpp>

using namespace walt;

namespace {

constexpr auto replicate = padding::replicate;

constexpr video_size small{2, 5, 4, 6};
/// Geometries of a kernel on `small`, all sorts of edges.
template <int Kt, int K> std::vector<conv_geometry> geometries() {
    constexpr per_axis kernel{Kt, K, K};
    std::vector<conv_geometry> all;
    for (const per_axis stride : {per_axis{}, per_axis{2, 2, 2}, per_axis{1, 2, 3}}) {
        all.push_back(conv_geometry::causal(kernel, stride));
        all.push_back(conv_geometry::causal(kernel, stride, replicate));
        all.push_back(conv_geometry::valid(kernel, stride));
        all.push_back(conv_geometry::same(kernel, stride, small));
        all.push_back(conv_geometry::same(kernel, stride, small, replicate));
        if (Kt % 2 == 1 && K % 2 == 1) all.push_back(conv_geometry::same_symmetric(kernel, stride));
    }
    all.push_back({{Kt, 1, 4, 1, replicate}, {K, 2, 0, 3, padding::zeros}, {K, 1, 5, 2, replicate}}); // all different
    return all;
}

/// All passes in pieces as small as they get against the ops, which have one of so little work.
template <class T, class U, int I, int O, int Kt, int K>
void pieces_are_the_whole(const video_size& size, const conv_geometry& g, std::size_t least) {
    cpu::context ctx;
    conv3d_operands<T, U, I, O, Kt, K> whole(size, g), parts(size, g);
    ops::conv3d(ctx, g, whole.x, whole.w, whole.b, whole.y);
    ops::conv3d_grad_input(ctx, g, whole.dy, whole.w, whole.dx);
    ops::conv3d_grad_weight(ctx, g, whole.x, whole.dy, whole.dw, none{});
    auto& o = parts;
    const auto shape = cpu::detail::shape_of<T, U>(o.in, o.w, o.out, g, true, false);
    const auto sums = cpu::detail::shape_of<T, float>(o.in, o.w, o.out, g, true, false);
    cpu::detail::convolve(ctx, shape, o.x.data(), o.w.data(), o.b.data(), o.y.data(), 1);
    cpu::detail::convolve_back(ctx, shape, o.dy.data(), o.w.data(), o.dx.data(), 1);
    cpu::detail::correlate(ctx, sums, o.x.data(), o.dy.data(), o.dw.data(), 1);
    CAPTURE(I, O, Kt, K, g.time.stride, g.time.before, g.time.after, g.width.stride, g.width.before, g.width.after);
    CHECK(cpu::detail::pieces_of(shape, cpu::detail::writes::y, 1).size() >= least);
    CHECK(cpu::detail::pieces_of(shape, cpu::detail::writes::x, 1).size() >= least);
    CHECK(doubles(parts.y) == doubles(whole.y));
    CHECK(doubles(parts.dx) == doubles(whole.dx));
    CHECK(testing::relative_error(parts.dw.data(), doubles(whole.dw)) < 1e-6);
}

/// The numbers of the taps that see an element of the axis at one of its places, place by place.
std::vector<int> taps_with_data(const conv_axis& axis, std::int64_t extent) {
    std::vector<int> seen;
    for (int tap = 0; tap < axis.kernel; ++tap)
        for (std::int64_t place = 0; place < axis.places(extent); ++place) {
            const std::int64_t at = place * axis.stride + tap - axis.before;
            if (at < 0 || at >= extent) continue;
            seen.push_back(tap);
            break;
        }
    return seen;
}

/// The loops that oneDNN chose for a pass, in its words, one for each kind of piece.
template <class Describe>
std::vector<std::string> loops_of(cpu::context& ctx, const std::vector<cpu::detail::convolution_piece>& pieces,
                                  std::int64_t key, const Describe& describe) {
    const cpu::detail::convolution_passes passes(
        ctx, pieces, key, false,
        [&](const auto& piece, auto attributes, auto* desc) { return describe(ctx.library, piece, attributes, desc); });
    std::vector<std::string> names;
    for (const auto& kind : passes.kinds()) {
        const_dnnl_primitive_desc_t desc = nullptr;
        const char* name = nullptr;
        REQUIRE(dnnl_primitive_get_primitive_desc(kind.primitive.get(), &desc) == dnnl_success);
        REQUIRE(dnnl_primitive_desc_query(desc, dnnl_query_impl_info_str, 0, &name) == dnnl_success);
        names.emplace_back(name);
    }
    return names;
}
/// All passes of a convolution run in loops that are compiled for its shape: neither oneDNN's plain ones nor, where the
/// vectors are wide, products of a copy of x for each tap.
template <class T, int I, int O> void has_fast_loops(const video_size& size, const conv_geometry& g) {
    using namespace cpu::detail;
    cpu::context ctx;
    const view<T, O, 3, 3, 3, I> w(nullptr);
    const auto shape = shape_of<T, T>(size, w, g.after(size), g, false, false),
               sums = shape_of<T, float>(size, w, g.after(size), g, false, false);
    const std::int64_t work = piece_work(shape);
    std::vector<std::string> all;
    const auto add = [&](const std::vector<std::string>& some) { all.insert(all.end(), some.begin(), some.end()); };
    add(loops_of(ctx, pieces_of(shape, writes::y, work), conv_forward,
                 [](const auto& library, const auto& piece, auto... to) {
                     return cpu::describe_forward(library, piece, true, to...);
                 }));
    add(loops_of(ctx, pieces_of(shape, writes::x, work), conv_input,
                 [](const auto&... all_of) { return cpu::describe_backward_input(all_of...); }));
    add(loops_of(ctx, pieces_for_sums(sums, work), conv_weight,
                 [](const auto&... all_of) { return cpu::describe_backward_weight(all_of...); }));
    CHECK(all.size() >= 3);
    for (const std::string& name : all) {
        CAPTURE(I, O, dtype_name<T>(), size.frames, size.height, size.width, g.time.stride, name);
        CHECK(name.rfind("ref", 0) != 0);
        if (cpu::onednn::has(dnnl_cpu_isa_avx512_core)) CHECK(name.find("gemm") == std::string::npos);
    }
}

/// The formula in ops/conv3d.hpp, read literally.
template <int Kt, int K> void is_its_formula(const conv_geometry& g) {
    reference::context ctx;
    conv3d_operands<double, double, 2, 3, Kt, K> o(small, g);
    ops::conv3d(ctx, g, o.x, o.w, o.b, o.y);
    const auto place = [](const conv_axis& axis, int output, int tap, std::int64_t extent) -> std::int64_t {
        const std::int64_t at = output * axis.stride + tap - axis.before;
        if (at >= 0 && at < extent) return at;
        return axis.edge == padding::zeros ? -1 : at < 0 ? 0 : extent - 1;
    };
    double largest = 0;
    for (int b = 0; b < o.out.batch; ++b)
        for (int f = 0; f < o.out.frames; ++f)
            for (int i = 0; i < o.out.height; ++i)
                for (int j = 0; j < o.out.width; ++j)
                    for (int k = 0; k < 3; ++k) {
                        double sum = o.b(k);
                        for (int t = 0; t < Kt; ++t)
                            for (int r = 0; r < K; ++r)
                                for (int s = 0; s < K; ++s)
                                    for (int c = 0; c < 2; ++c) {
                                        const auto tt = place(g.time, f, t, 5), rr = place(g.height, i, r, 4),
                                                   ss = place(g.width, j, s, 6);
                                        if (tt >= 0 && rr >= 0 && ss >= 0)
                                            sum += o.w(k, t, r, s, c) * o.x(b, tt, rr, ss, c);
                                    }
                        largest = std::max(largest, std::abs(sum - o.y(b, f, i, j, k)));
                    }
    CAPTURE(Kt, K, g.time.stride, g.time.before, g.time.after, g.height.before, g.width.before);
    CHECK(o.y.size() > 0);
    CHECK(largest < 1e-13);
}

template <int Kt, int K> void has_its_gradients(const conv_geometry& g) {
    reference::context ctx;
    conv3d_operands<double, double, 2, 3, Kt, K> o(small, g);
    const auto f = [&] {
        ops::conv3d(ctx, g, o.x, o.w, o.b, o.y);
        return testing::inner_product(o.y, o.dy);
    };
    ops::fill(ctx, o.dw, 0);
    ops::fill(ctx, o.db, 0);
    ops::conv3d_grad_input(ctx, g, o.dy, o.w, o.dx);
    ops::conv3d_grad_weight(ctx, g, o.x, o.dy, o.dw, o.db);
    CAPTURE(Kt, K, g.time.stride, g.time.before, g.time.after, g.height.before, g.width.before);
    CHECK(testing::check_gradient(o.x, o.dx, f, 30).worst < 1e-6);
    CHECK(testing::check_gradient(o.w, o.dw, f, 30).worst < 1e-6);
    CHECK(testing::check_gradient(o.b, o.db, f).worst < 1e-6);
}

/// A video convolved in chunks, each with the last frames of what came before, and its first frame alone, against the
/// whole.
template <class T, int I, int O, int K> void chunks_are_the_whole(const char* what, auto& ctx, int stride) {
    const video_size whole{2, 1 + 6 * stride, 6, 8};
    const auto g = conv_geometry::causal({K, K, K}, {stride, 1, 1});
    conv3d_operands<T, float, I, O, K, K> o(whole, g);
    ops::conv3d(ctx, g, o.x, o.w, o.b, o.y);
    const auto part = [&](const auto& video, std::int64_t first, std::int64_t count) { // frames of a video
        constexpr int C = std::remove_cvref_t<decltype(video)>::static_extent(4);
        using E = typename std::remove_cvref_t<decltype(video)>::element;
        const auto frames = o.memory.template take<E, dynamic, dynamic, dynamic, dynamic, C>(whole.batch, count, 6, 8);
        const std::int64_t frame = 6 * 8 * C;
        for (std::int64_t b = 0; b < whole.batch; ++b)
            std::copy_n(video.data() + (b * video.extent(1) + first) * frame, count * frame,
                        frames.data() + b * count * frame);
        return frames;
    };
    const auto first = video_size{2, 1, 6, 8}.template take<float, O>(o.memory);
    ops::conv3d(ctx, g, part(o.x, 0, 1), o.w, o.b, first);
    std::int64_t in = 0, out = 0, different = doubles(first) != doubles(part(o.y, 0, 1));
    for (const int places : {2, 1, 3, 1}) { // the first chunk begins the video
        const std::int64_t frames = in == 0 ? 1 + (places - 1) * stride : places * stride;
        const auto x = part(o.x, in, frames);
        const auto y = video_size{2, places, 6, 8}.template take<float, O>(o.memory);
        if (in == 0) ops::conv3d(ctx, g, x, o.w, o.b, y);
        else ops::conv3d(ctx, g, x, o.w, o.b, y, part(o.x, in - g.frames_to_keep(), g.frames_to_keep()));
        const auto right = part(o.y, out, places);
        different += std::memcmp(right.data(), y.data(), static_cast<std::size_t>(y.size()) * sizeof(float)) != 0;
        in += frames, out += places;
    }
    CAPTURE(what, I, O, K, stride, dtype_name<T>());
    CHECK(in == whole.frames);
    CHECK(out == g.after(whole).frames);
    CHECK(different == 0);
}

} // namespace

TEST_CASE("a convolution is its formula, whatever stands at its edges", "[ops][conv3d]") {
    for (const auto& g : geometries<3, 3>()) is_its_formula<3, 3>(g);
    for (const auto& g : geometries<2, 4>()) is_its_formula<2, 4>(g);
    for (const auto& g : geometries<1, 2>()) is_its_formula<1, 2>(g);
    for (const auto& g : geometries<3, 1>()) is_its_formula<3, 1>(g);
}

TEST_CASE("a geometry says the size behind it", "[ops][conv3d]") {
    const video_size x{2, 5, 8, 11};
    CHECK(conv_geometry::causal({3, 3, 3}).after(x) == x);
    CHECK(conv_geometry::causal({3, 3, 3}, {2, 2, 2}).after(x) == video_size{2, 3, 4, 6});
    CHECK(conv_geometry::causal({2, 4, 4}).after(x) == x);
    CHECK(conv_geometry::same_symmetric({3, 5, 1}).after(x) == x);
    CHECK(conv_geometry::valid({3, 3, 4}, {1, 2, 2}).after(x) == video_size{2, 3, 3, 4});
    CHECK(conv_geometry::same({3, 7, 2}, {2, 2, 2}, x).after(x) == video_size{2, 3, 4, 6});
    const auto same = conv_geometry::same({3, 7, 2}, {2, 2, 3}, x); // TensorFlow: the odd element goes after
    CHECK((same.time.before == 1 && same.time.after == 1));
    CHECK((same.height.before == 2 && same.height.after == 3));
    CHECK((same.width.before == 0 && same.width.after == 0));
    CHECK(conv_geometry::valid({6, 3, 3}).after(x).frames == 0);
    CHECK_THROWS_WITH(conv_geometry::same_symmetric({3, 4, 3}), Catch::Matchers::Contains("not for 3 x 4 x 3"));
}

TEST_CASE("a convolution's gradients are those of finite differences", "[ops][conv3d]") {
    for (const auto& g : geometries<3, 3>()) has_its_gradients<3, 3>(g);
    for (const auto& g : geometries<2, 4>()) has_its_gradients<2, 4>(g);

    reference::context ctx; // parameter gradients add up
    const auto g = conv_geometry::causal({3, 3, 3});
    conv3d_operands<double, double, 2, 3, 3, 3> o(small, g);
    ops::fill(ctx, o.dw, 0);
    ops::conv3d_grad_weight(ctx, g, o.x, o.dy, o.dw, o.db);
    const auto once = doubles(o.dw);
    ops::conv3d_grad_weight(ctx, g, o.x, o.dy, o.dw, none{});
    CHECK(testing::relative_error(o.dw.data(), once) == Approx(1).epsilon(1e-12));
}

TEST_CASE("oneDNN's convolution is the reference's", "[ops][conv3d][cpu]") {
    const auto causal = [](int kt, int k, per_axis stride = {}) { return conv_geometry::causal({kt, k, k}, stride); };
    conv3d_agrees<float, float, 16, 32, 3, 3>({2, 5, 6, 8}, causal(3, 3), 1e-5);
    conv3d_agrees<float, float, 6, 12, 3, 3>({2, 5, 6, 8}, causal(3, 3, {2, 2, 2}), 1e-5);
    conv3d_agrees<float, float, 12, 12, 3, 3>({1, 4, 8, 6}, causal(3, 3, {1, 2, 2}), 1e-5);
    conv3d_agrees<float, float, 3, 16, 3, 3>({2, 1, 6, 8}, causal(3, 3), 1e-5);
    conv3d_agrees<float, float, 16, 3, 3, 3>({2, 3, 6, 8}, causal(3, 3), 1e-5);
    conv3d_agrees<float, float, 16, 24, 1, 1>({2, 3, 4, 6}, causal(1, 1), 1e-5);
    conv3d_agrees<float, float, 16, 24, 1, 1>({2, 3, 4, 6}, causal(1, 1, {2, 2, 2}), 1e-5);
    conv3d_agrees<float, float, 8, 32, 1, 3>({2, 5, 4, 6}, causal(1, 3), 1e-5);
    conv3d_agrees<bf16, float, 16, 32, 3, 3>({2, 5, 6, 8}, causal(3, 3), 1e-5);
    conv3d_agrees<bf16, bf16, 16, 32, 3, 3>({2, 5, 6, 8}, causal(3, 3, {2, 2, 2}),
                                            4e-3); // the result is rounded to bf16 as well
    conv3d_agrees<bf16, float, 16, 24, 1, 1>({2, 3, 4, 6}, causal(1, 1), 1e-5);
    conv3d_agrees<bf16, float, 3, 16, 3, 3>({2, 5, 6, 8}, causal(3, 3), 1e-5);
}

TEST_CASE("oneDNN's convolution of any geometry is the reference's", "[ops][conv3d][cpu]") {
    for (const auto& g : geometries<3, 3>()) {
        conv3d_agrees<float, float, 6, 16, 3, 3>(small, g, 1e-5);
        conv3d_agrees<bf16, bf16, 16, 8, 3, 3>(small, g, 4e-3);
    }
    for (const auto& g : geometries<2, 4>()) {
        conv3d_agrees<float, float, 16, 6, 2, 4>(small, g, 1e-5);
        conv3d_agrees<bf16, float, 8, 16, 2, 4>(small, g, 1e-5);
    }
    conv3d_agrees<float, float, 8, 8, 1, 1>(small, {{1, 1, 2, 0, replicate}, {1, 1, 0, 0}, {1, 1, 1, 1, replicate}},
                                            1e-5); // a product over a padded video
}

TEST_CASE("taps that see nothing but padding are left out, and no others", "[ops][conv3d][cpu]") {
    int shorter = 0;
    for (int kernel = 1; kernel <= 5; ++kernel)
        for (int stride = 1; stride <= 3; ++stride)
            for (int before = 0; before <= kernel + 1; ++before)
                for (int after = 0; after <= kernel + 1; ++after)
                    for (std::int64_t extent = 1; extent <= 6; ++extent) {
                        const conv_axis axis{kernel, stride, before, after};
                        const std::int64_t places = axis.places(extent);
                        const std::vector<int> seen = taps_with_data(axis, extent);
                        const conv_axis rest = cpu::detail::seen_taps(axis, extent, places);
                        CAPTURE(kernel, stride, before, after, extent);
                        if (seen.empty()) {
                            CHECK(rest == axis);
                            continue;
                        }
                        CHECK(rest.before == before - seen.front());
                        CHECK(rest.kernel == seen.back() - seen.front() + 1);
                        CHECK((rest.stride == stride || places == 1));
                        CHECK(rest.valid());
                        CHECK(rest.places(extent) == places);
                        shorter += rest.kernel < kernel;
                    }
    CHECK(shorter > 100);
    for (const int stride : {1, 2}) // an image under causal padding
        CHECK(cpu::detail::seen_taps({3, stride, 2, 0}, 1, 1) == conv_axis{1, 1, 0, 0});
}

TEST_CASE("oneDNN's convolution of one frame, row or column is the reference's", "[ops][conv3d][cpu]") {
    const conv_geometry beyond{{3, 1, 4, 2}, {3, 2, 3, 4}, {3, 1, 2, 3}}; // padding that holds whole kernels
    for (const auto& size : {video_size{2, 1, 6, 8}, video_size{2, 3, 1, 8}, video_size{2, 3, 6, 1},
                             video_size{3, 1, 1, 5}, video_size{2, 1, 1, 1}, video_size{2, 2, 2, 2}}) {
        for (const per_axis stride : {per_axis{}, per_axis{2, 2, 2}, per_axis{1, 2, 3}}) {
            const auto causal = conv_geometry::causal({3, 3, 3}, stride),
                       symmetric = conv_geometry::same_symmetric({3, 3, 3}, stride),
                       edges = conv_geometry::causal({3, 3, 3}, stride, replicate);
            for (const auto& g : {causal, symmetric, edges}) {
                conv3d_agrees<float, float, 6, 16, 3, 3>(size, g, 1e-5);
                conv3d_agrees<bf16, bf16, 16, 8, 3, 3>(size, g, 4e-3);
                conv3d_agrees<float, float, 16, 3, 3, 3>(size, g, 1e-5); // narrow
            }
            const auto even = conv_geometry::causal({2, 4, 4}, stride);
            conv3d_agrees<float, float, 16, 6, 2, 4>(size, even, 1e-5);
            conv3d_agrees<bf16, float, 8, 16, 2, 4>(size, even, 1e-5);
        }
        conv3d_agrees<float, float, 6, 16, 3, 3>(size, beyond, 1e-5);
        conv3d_agrees<bf16, bf16, 16, 8, 3, 3>(size, beyond, 4e-3);
    }
}

TEST_CASE("the gradient of taps that see nothing keeps its bits", "[ops][conv3d][cpu]") {
    const auto keeps = [](auto t, const video_size& size, const auto& is_seen) {
        cpu::context ctx;
        const auto g = conv_geometry::same_symmetric({3, 3, 3});
        conv3d_operands<decltype(t), float, 16, 16, 3, 3> o(size, g);
        const auto before = doubles(o.dw);
        ops::conv3d_grad_weight(ctx, g, o.x, o.dy, o.dw, o.db);
        const auto after = doubles(o.dw);
        std::size_t i = 0;
        std::int64_t wrong = 0;
        for (int out = 0; out < 16; ++out)
            for (int time = 0; time < 3; ++time)
                for (int row = 0; row < 3; ++row)
                    for (int column = 0; column < 3; ++column)
                        for (int in = 0; in < 16; ++in, ++i)
                            wrong += (after[i] != before[i]) != is_seen(time, row, column);
        CHECK(wrong == 0);
    };
    const auto each_size = [&](auto t) {
        keeps(t, {2, 1, 5, 6}, [](int time, int, int) { return time == 1; });
        keeps(t, {2, 3, 1, 6}, [](int, int row, int) { return row == 1; });
        keeps(t, {2, 3, 5, 1}, [](int, int, int column) { return column == 1; });
        keeps(t, {2, 3, 5, 6}, [](int, int, int) { return true; });
    };
    each_size(float());
    each_size(bf16());
}

TEST_CASE("oneDNN convolves images in fast loops", "[ops][conv3d][cpu]") {
    const bool is_wide = cpu::onednn::has(dnnl_cpu_isa_avx512_core);
    const auto each_shape = [&](auto t) {
        using T = decltype(t);
        for (const per_axis stride : {per_axis{}, per_axis{2, 2, 2}, per_axis{2, 1, 1}})
            for (const std::int64_t frames : {1, 2, 5}) { // the first piece of a large clip is one frame as well
                if (frames > 1 && !is_wide) continue;     // AVX2 has none for some gradients of clips under strides
                const auto g = conv_geometry::causal({3, 3, 3}, stride);
                has_fast_loops<T, 32, 16>({4, frames, 96, 96}, g);
                has_fast_loops<T, 48, 48>({4, frames, 24, 24}, g);
            }
    };
    each_shape(float());
    if (is_wide) each_shape(bf16()); // else bf16 is convolved as float
}

TEST_CASE("a convolution in pieces is the whole", "[ops][conv3d][cpu]") {
    constexpr video_size image{2, 1, 9, 8};
    for (const auto& g : geometries<3, 3>())
        if (g.time.edge == padding::zeros && g.width.edge == padding::zeros) {
            pieces_are_the_whole<float, float, 6, 16, 3, 3>(small, g, 2);
            pieces_are_the_whole<bf16, bf16, 16, 8, 3, 3>(small, g, 2);
        }
    for (const int stride : {1, 2, 3}) { // with 3, nothing sees the last row of x, and it is not cut
        pieces_are_the_whole<bf16, float, 16, 16, 1, 3>(image, conv_geometry::each_frame(3, stride, 1),
                                                        stride < 3 ? 6 : 2);
        pieces_are_the_whole<float, float, 16, 6, 3, 3>(image, conv_geometry::causal({3, 3, 3}, {2, stride, 1}),
                                                        stride < 3 ? 6 : 2);
    }
    pieces_are_the_whole<float, float, 8, 12, 1, 2>(image, conv_geometry::each_frame(2, 3, 0), 2); // reads not all of x
    pieces_are_the_whole<float, float, 8, 8, 3, 3>({5, 1, 2, 2}, {{3, 1, 2, 0}, {3, 1, 4, 2}, {3, 1, 1, 1}}, 5);
}

TEST_CASE("convolutions give the same bits for any number of threads", "[ops][conv3d][cpu]") {
    const auto run = [](auto t, int threads, const video_size& size) {
        omp_set_num_threads(threads);
        cpu::context ctx;
        const auto g = conv_geometry::causal({3, 3, 3});
        conv3d_operands<decltype(t), float, 32, 64, 3, 3> o(size, g);
        ops::conv3d(ctx, g, o.x, o.w, o.b, o.y);
        ops::conv3d_grad_input(ctx, g, o.dy, o.w, o.dx);
        ops::conv3d_grad_weight(ctx, g, o.x, o.dy, o.dw, o.db);
        return std::vector<std::vector<double>>{doubles(o.y), doubles(o.dx), doubles(o.dw), doubles(o.db)};
    };
    const int before = omp_get_max_threads();
    for (const auto& size : {video_size{3, 7, 20, 24}, video_size{1, 1, 48, 48},
                             video_size{3, 1, 64, 160}}) // (in runs of rows of which the last has one)
        for (const int threads : {2, 3}) {
            CHECK(run(float(), threads, size) == run(float(), 1, size));
            CHECK(run(bf16(), threads, size) == run(bf16(), 1, size));
        }
    omp_set_num_threads(before);
}

TEST_CASE("a video in chunks with their past gives the bits of the whole", "[ops][conv3d]") {
    reference::context plain;
    cpu::context fast;
    for (const int stride : {1, 2}) {
        chunks_are_the_whole<float, 2, 3, 3>("reference", plain, stride);
        chunks_are_the_whole<float, 3, 16, 3>("cpu", fast, stride);
        chunks_are_the_whole<float, 16, 32, 3>("cpu", fast, stride);
        chunks_are_the_whole<float, 32, 3, 3>("cpu", fast, stride);
        chunks_are_the_whole<float, 12, 20, 2>("cpu", fast, stride);
        chunks_are_the_whole<bf16, 16, 32, 3>("cpu", fast, stride);
        chunks_are_the_whole<bf16, 3, 8, 3>("cpu", fast, stride);
    }
}

TEST_CASE("the past stands for the padding before", "[ops][conv3d]") {
    reference::context ctx;
    const auto g = conv_geometry::causal({3, 3, 3});
    conv3d_operands<float, float, 2, 3, 3, 3> o(small, g);
    ops::conv3d(ctx, g, o.x, o.w, o.b, o.y);
    const auto with_past = doubles(o.y);
    const auto past = video_size{2, 2, 4, 6}.take<float, 2>(o.memory);
    ops::fill(ctx, past, 0);
    ops::conv3d(ctx, g, o.x, o.w, o.b, o.y, past);
    CHECK(doubles(o.y) == with_past);
    const auto long_past = video_size{2, 4, 4, 6}.take<float, 2>(o.memory); // more frames before, more behind
    ops::fill(ctx, long_past, 0);
    ops::conv3d(ctx, g, o.x, o.w, none{}, video_size{2, 7, 4, 6}.take<float, 3>(o.memory), long_past);
    CHECK_THROWS_WITH(ops::conv3d(ctx, g, o.x, o.w, o.b, o.y, long_past),
                      Catch::Matchers::Contains("gives 2 x 7 x 4 x 6, but the output is 2 x 5 x 4 x 6"));
    CHECK_THROWS_WITH(ops::conv3d(ctx, g, o.x, o.w, o.b, o.y, video_size{1, 2, 4, 6}.take<float, 2>(o.memory)),
                      Catch::Matchers::Contains("the past of 1 videos of 4 x 6 cannot stand before 2 videos of 4 x 6"));
}

TEST_CASE("meta counts a convolution's FLOPs", "[ops][conv3d][meta]") {
    meta::context ctx;
    const video_size in{2, 5, 8, 12};
    const auto g = conv_geometry::causal({3, 3, 3}, {2, 2, 2});
    const auto x = in.take<float, 3>(ctx.arena);
    const auto y = g.after(in).take<float, 7>(ctx.arena);
    const view<float, 7, 3, 3, 3, 3> w(nullptr);
    ops::conv3d(ctx, g, x, w, none{}, y);
    CHECK(ctx.flops == 2.0 * (2 * 3 * 4 * 6) * 7 * (27 * 3)); // 2, positions, out, taps x in
    CHECK(ctx.bytes == 4.0 * (2 * 5 * 8 * 12 * 3 + 7 * 81 + 2 * 3 * 4 * 6 * 7));
}

TEST_CASE("what does not fit is refused in a sentence", "[ops][conv3d]") {
    using Catch::Matchers::Contains;
    reference::context ctx;
    conv3d_operands<float, float, 2, 3, 3, 3> o(small, conv_geometry::causal({3, 3, 3}));
    const auto strided = conv_geometry::causal({3, 3, 3}, {2, 2, 2});
    CHECK_THROWS_WITH(ops::conv3d(ctx, strided, o.x, o.w, o.b, o.y),
                      Contains("a kernel of 3 x 3 x 3, stride 2 x 2 x 2 and padding 2 + 0, 1 + 1, 1 + 1 gives 2 x 3 x "
                               "2 x 3, but the output is 2 x 5 x 4 x 6"));
    CHECK_THROWS_WITH(ops::conv3d_grad_input(ctx, strided, o.dy, o.w, o.dx), Contains("ops::conv3d_grad_input"));
    CHECK_THROWS_WITH(ops::conv3d_grad_weight(ctx, strided, o.x, o.dy, o.dw, o.db),
                      Contains("ops::conv3d_grad_weight"));
    CHECK_THROWS_WITH(ops::conv3d(ctx, conv_geometry::causal({2, 3, 3}), o.x, o.w, o.b, o.y),
                      Contains("for a kernel of 2 x 3 x 3 (time, height, width), but the weight has 3 x 3 x 3"));
    CHECK_THROWS_WITH(ops::conv3d(ctx, {{3, 0, 2, 0}, {3, 1, 1, 1}, {3, 1, 1, -1}}, o.x, o.w, o.b, o.y),
                      Contains("(3, 0, 2, 0) in time, (3, 1, 1, 1) in height, (3, 1, 1, -1) in width"));
    const auto weight = doubles(o.dw); // an unwanted gradient is not computed, nor does it keep the other from it
    ops::conv3d_grad_weight(ctx, o.geometry, o.x, o.dy, o.dw.over<float>(nullptr), o.db.over<float>(nullptr));
    ops::conv3d_grad_weight(ctx, o.geometry, o.x, o.dy, none{}, none{});
    const auto before = doubles(o.db);
    ops::conv3d_grad_weight(ctx, o.geometry, o.x, o.dy, o.dw.over<float>(nullptr), o.db);
    CHECK(doubles(o.dw) == weight);
    CHECK(doubles(o.db) != before);
}
