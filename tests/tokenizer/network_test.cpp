// The tokenizer's paper properties: sizes, causality, an image is a clip's first frame, what inference costs.
#include "../catch.hpp"

#include <walt/config/demo.hpp>
#include <walt/core/model.hpp>
#include <walt/cpu.hpp>
#include <walt/meta.hpp>
#include <walt/testing/golden.hpp>
#include <walt/testing/gradient_check.hpp>
#include <walt/tokenizer/network.hpp>

#include <cstdio>

using namespace walt;

// The paper's tokenizers under docs/model.md 3 (16 of them are the latent's mean and std, which are measured).
static_assert(parameter_count<tokenizer_network<presets::walt_tokenizer>> == 370'373'259 + 16);
static_assert(parameter_count<tokenizer_network<presets::imagenet_tokenizer>> == 307'104'523 + 16);
static_assert(parameter_count<tokenizer_network<presets::demo_tokenizer>> / 10'000 == 348); // 3.49 M

namespace {

struct tiny : tokenizer_config {
    static constexpr int channels = 4, blocks = 2, latent = 3, norm_groups = 2;
    static constexpr std::array<int, 3> multipliers{1, 2, 3};
    static constexpr std::array<int, 2> time_strides{1, 2};
};
using network = tokenizer_network<tiny>;

/// A tokenizer whose parameters are all random, also those that start at zero.
template <class Context, class T> struct fixture {
    using A = accumulate_t<T>;
    Context ctx;
    model<Context, network, T> net{ctx, seed{1}};
    fixture() {
        std::vector<A> values(placed<network>.extent);
        const auto start = net.host_masters();
        for (const parameter_row& row : parameter_table<network>())
            for (std::size_t i = row.offset; i < row.offset + row.size; ++i)
                values[i] = start[i] +
                            static_cast<A>(row.trainable() ? 0.1 * static_cast<double>(philox{3, 0}.normal(i)) : 0.0);
        net.assign(values);
    }
    std::vector<A> encode(const std::vector<A>& pixels, const video_size& size) {
        const arena::scope scope(ctx.arena);
        const auto x = size.take<A, 3>(ctx.arena);
        const auto z = network::latent_size(size).template take<A, 3>(ctx.arena);
        std::copy(pixels.begin(), pixels.end(), x.data());
        net.network().encode(ctx, net.weights(), x, z);
        return {z.data(), z.data() + z.size()};
    }
    std::vector<A> decode(const std::vector<A>& latent, const video_size& size) {
        const arena::scope scope(ctx.arena);
        const auto z = size.take<A, 3>(ctx.arena);
        const auto x = network::pixel_size(size).template take<A, 3>(ctx.arena);
        std::copy(latent.begin(), latent.end(), z.data());
        net.network().decode(ctx, net.weights(), z, x);
        return {x.data(), x.data() + x.size()};
    }
};

template <class A> std::vector<A> random_video(const video_size& size) {
    std::vector<A> values(static_cast<std::size_t>(size.positions()) * 3);
    testing::fill_normal(values, 7, 0.5);
    return values;
}
template <class A> bool equal_up_to(const std::vector<A>& a, const std::vector<A>& b, std::size_t count) {
    return std::memcmp(a.data(), b.data(), count * sizeof(A)) == 0;
}

constexpr video_size clip{1, 5, 8, 12}, latents{1, 3, 2, 3};

} // namespace

TEST_CASE("no latent and no pixel sees the future", "[tokenizer][causality]") {
    fixture<reference::context, float> f;
    const auto pixels = random_video<float>(clip);
    const auto z = f.encode(pixels, clip);
    const std::size_t pixel_frame = 8 * 12 * 3, latent_frame = 2 * 3 * 3;
    for (std::size_t frame = 0; frame < 5; ++frame) { // latent j comes from frames 0 to 2 j
        auto changed = pixels;
        for (std::size_t i = frame * pixel_frame; i < (frame + 1) * pixel_frame; ++i) changed[i] += 1;
        const auto z_changed = f.encode(changed, clip);
        const std::size_t first = (frame + 1) / 2;
        CAPTURE(frame);
        CHECK(equal_up_to(z, z_changed, first * latent_frame));
        CHECK_FALSE(equal_up_to(z, z_changed, (first + 1) * latent_frame));
    }
    const auto x = f.decode(z, latents);
    for (std::size_t frame = 0; frame < 3; ++frame) { // pixels 0 | 1 2 | 3 4 come from latents 0 | 1 | 2 and before
        auto changed = z;
        for (std::size_t i = frame * latent_frame; i < (frame + 1) * latent_frame; ++i) changed[i] += 1;
        const auto x_changed = f.decode(changed, latents);
        const std::size_t first = frame == 0 ? 0 : 2 * frame - 1;
        CAPTURE(frame);
        CHECK(equal_up_to(x, x_changed, first * pixel_frame));
        CHECK_FALSE(equal_up_to(x, x_changed, (first + 1) * pixel_frame));
    }
}

TEST_CASE("an image is the first frame of any clip that starts with it", "[tokenizer][causality]") {
    const video_size image{1, 1, 8, 12}, image_latent{1, 1, 2, 3};
    const std::size_t pixel_frame = 8 * 12 * 3, latent_frame = 2 * 3 * 3;
    SECTION("reference: bit for bit") {
        fixture<reference::context, float> f;
        const auto pixels = random_video<float>(clip);
        const auto z = f.encode(pixels, clip),
                   z_image = f.encode({pixels.begin(), pixels.begin() + pixel_frame}, image);
        CHECK(equal_up_to(z, z_image, latent_frame));
        CHECK(equal_up_to(f.decode(z, latents), f.decode(z_image, image_latent), pixel_frame));
    }
    SECTION("cpu: to 1e-5") {
        fixture<cpu::context, float> f;
        const auto pixels = random_video<float>(clip);
        const auto z = f.encode(pixels, clip),
                   z_image = f.encode({pixels.begin(), pixels.begin() + pixel_frame}, image);
        CHECK(testing::relative_error(z.data(), z_image) < 1e-5);
        CHECK(testing::relative_error(f.decode(z, latents).data(), f.decode(z_image, image_latent)) < 1e-5);
    }
}

TEST_CASE("a pass has the same bits every time", "[tokenizer]") {
    fixture<cpu::context, bf16> f;
    const auto pixels = random_video<float>(clip);
    CHECK(f.encode(pixels, clip) == f.encode(pixels, clip));
    const auto run = [&] {
        const arena::scope scope(f.ctx.arena);
        const auto x = clip.take<float, 3>(f.ctx.arena), dx = clip.take<float, 3>(f.ctx.arena);
        const auto z = latents.take<float, 3>(f.ctx.arena);
        std::copy(pixels.begin(), pixels.end(), x.data());
        network::encoder_saved<bf16> keep(f.ctx.arena, clip, activations::all);
        f.net.network().encode(f.ctx, f.net.weights(), x, z, keep);
        std::vector<float> gradient(placed<network>.extent);
        f.net.network().encode_backward(f.ctx, f.net.weights(), x, keep, z, dx, gradients<float>{gradient.data()});
        gradient.insert(gradient.end(), dx.data(), dx.data() + dx.size());
        return gradient;
    };
    CHECK(run() == run());
}

TEST_CASE("the whole tokenizer's gradient is that of finite differences", "[tokenizer]") {
    fixture<reference::context, double> f;
    auto& ctx = f.ctx;
    const auto x = clip.take<double, 3>(ctx.arena), y = clip.take<double, 3>(ctx.arena),
               dx = clip.take<double, 3>(ctx.arena);
    const auto dy = clip.take<double, 3>(ctx.arena), z = latents.take<double, 3>(ctx.arena),
               dz = latents.take<double, 3>(ctx.arena);
    testing::fill_normal(x, 1, 0.5);
    testing::fill_normal(dy, 2);
    const network::encoder_saved<double> encoding(ctx.arena, clip, activations::all);
    const network::decoder_saved<double> decoding(ctx.arena, latents, activations::all);
    const auto loss = [&] {
        f.net.network().encode(ctx, f.net.weights(), x, z, encoding);
        f.net.network().decode(ctx, f.net.weights(), z, y, decoding);
        return testing::inner_product(y, dy);
    };
    loss();
    buffer<double> gradient(ctx, placed<network>.extent);
    const gradients<double> g{gradient.data()};
    f.net.network().decode_backward(ctx, f.net.weights(), z, decoding, dy, dz, g);
    f.net.network().encode_backward(ctx, f.net.weights(), x, encoding, dz, dx, g);
    CHECK(testing::check_gradient(x, dx, loss, 40).worst < 1e-5);
    const auto masters = f.net.masters();
    CHECK(testing::check_gradient(masters, gradient, loss, 150).worst < 1e-5);
}

TEST_CASE("frames and sides that do not divide are refused in a sentence", "[tokenizer]") {
    CHECK_THROWS_WITH(network::latent_size({1, 4, 8, 12}),
                      "this tokenizer takes 1 + 2 k frames (its time strides' product is 2), not 4");
    CHECK_THROWS_WITH(network::latent_size({1, 5, 8, 10}), "this tokenizer takes heights and widths that are multiples "
                                                           "of 4 (its space strides' product); they are 8 and 10");
    CHECK(network::latent_size(clip) == latents);
    CHECK(network::pixel_size(latents) == clip);
}

TEST_CASE("meta runs the paper's tokenizer without data", "[tokenizer][meta]") {
    using paper = tokenizer_network<presets::walt_tokenizer>;
    const video_size pixels{1, 17, 128, 128};
    CHECK(paper::latent_size(pixels) == video_size{1, 5, 16, 16});
    // Every kernel of the encoder, times the positions of what it makes.
    const std::array<double, 4> positions{17.0 * 128 * 128, 17.0 * 64 * 64, 9.0 * 32 * 32, 5.0 * 16 * 16};
    double expected = 0;
    for (const parameter_row& row : parameter_table<paper>()) {
        if (row.name.rfind("encoder.", 0) != 0 || row.shape.size() != 5) continue;
        std::size_t level = row.name.find("levels.") == std::string::npos
                                ? (row.name == "encoder.stem.weight" ? 0 : 3)
                                : static_cast<std::size_t>(row.name[15] - '0');
        if (row.name.find("down") != std::string::npos) ++level;
        expected += 2.0 * static_cast<double>(row.size) * positions[level];
    }
    const std::size_t element = 17 * 128 * 128 * 128; // of level 0's stream
    const auto encoder_peak = [&](activations mode) {
        meta::context ctx;
        const auto x = pixels.take<float, 3>(ctx.arena);
        const auto z = paper::latent_size(pixels).template take<float, 8>(ctx.arena);
        const typename paper::template encoder_saved<bf16> encoding(ctx.arena, pixels, mode);
        placed<paper>.encode(ctx, weights<bf16>{}, x, z, encoding);
        CHECK(ctx.flops == Approx(expected).epsilon(1e-12));
        return ctx.arena.peak();
    };
    CHECK(encoder_peak(activations::none) < 14 * element);
    CHECK(encoder_peak(activations::all) > 40 * element);
    CHECK(encoder_peak(activations::rematerialise) < 40 * element);

    // A step's peak and its FLOPs, in docs/design.md.
    const auto step = [&](activations mode, const auto& sink) {
        meta::context ctx;
        const video_size latent = paper::latent_size(pixels);
        const auto x = pixels.take<float, 3>(ctx.arena), y = pixels.take<float, 3>(ctx.arena);
        const auto z = latent.take<float, 8>(ctx.arena), dz = latent.take<float, 8>(ctx.arena);
        const typename paper::template encoder_saved<bf16> encoding(ctx.arena, pixels, mode);
        const typename paper::template decoder_saved<bf16> decoding(ctx.arena, latent, mode);
        placed<paper>.encode(ctx, weights<bf16>{}, x, z, encoding);
        placed<paper>.decode(ctx, weights<bf16>{}, z, y, decoding);
        placed<paper>.decode_backward(ctx, weights<bf16>{}, z, decoding, y, dz, sink);
        placed<paper>.encode_backward(ctx, weights<bf16>{}, x, encoding, dz, none{}, sink);
        std::printf("activations %d: %.2f GB, %.1f TFLOP\n", static_cast<int>(mode),
                    static_cast<double>(ctx.arena.peak()) / 1e9, ctx.flops / 1e12);
        return std::pair(static_cast<double>(ctx.arena.peak()), ctx.flops);
    };
    const auto [all, all_flops] = step(activations::all, gradients<float>{});
    const auto [again, again_flops] = step(activations::rematerialise, gradients<float>{});
    const auto [frozen, frozen_flops] = step(activations::input_gradient, no_gradients{});
    CHECK(again < 0.6 * all);
    CHECK(again_flops < 1.15 * all_flops);
    CHECK(frozen < 0.7 * all);
    CHECK(frozen_flops < 0.7 * all_flops);
}
