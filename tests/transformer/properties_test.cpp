// Properties of the denoiser that hold for any weights.
#include "catch.hpp"

#include <walt/reference.hpp>
#include <walt/testing/gradient_check.hpp>
#include <walt/transformer/denoiser.hpp>

using namespace walt;

namespace {

struct tiny : denoiser_config {
    static constexpr int frames = 3, height = 2, width = 4, channels = 2, hidden = 12, heads = 2, depth = 2, adaln_rank = 3;
    static constexpr int text_dim = 6, text_tokens = 4;
    static constexpr bool frame_prediction = true, super_resolution = true;
    static constexpr window spatiotemporal_window{0, 2, 2};
};

/// A batch of two samples in memory, and a model whose every parameter is drawn, so that no gate is zero.
template <class Config> struct scene {
    using latent = view<double, dynamic, Config::frames, Config::height, Config::width, Config::channels>;
    reference::context ctx;
    denoiser<reference::context, Config, double> model{ctx, Config{}, compute<double>, seed{1}};
    static constexpr std::int64_t B = 2, F = Config::frames, S = 3;
    std::vector<double> noisy = drawn(1, B * F * Config::height * Config::width * Config::channels), estimate = drawn(2, noisy.size()), known = drawn(3, noisy.size()),
                        text = drawn(4, static_cast<std::size_t>(S) * Config::text_tokens * Config::text_dim), low = drawn(5, noisy.size() / 4), v = noisy;
    std::vector<double> mask = std::vector<double>(static_cast<std::size_t>(B * F));
    std::vector<std::int32_t> step{100, 100, 100, 7, 800, 450}, low_step{30, 200}, text_row{1, 1, 1, 2, 0, 1};
    std::vector<std::uint8_t> is_image{0, 1}, valid = std::vector<std::uint8_t>(static_cast<std::size_t>(S) * Config::text_tokens, 1);
    denoiser_input<double, Config> in;

    static std::vector<double> drawn(std::uint64_t stream, std::size_t count) {
        std::vector<double> values(count);
        for (std::size_t i = 0; i < count; ++i) values[i] = static_cast<double>(philox{3, stream}.normal(i));
        return values;
    }
    scene() {
        std::vector<double> masters = model.host_masters(), noise = drawn(9, masters.size());
        for (std::size_t i = 0; i < masters.size(); ++i) masters[i] += 0.1 * noise[i];
        model.assign(masters);
        mask[0] = 1;
        std::fill(valid.begin(), valid.begin() + Config::text_tokens, std::uint8_t{0});
        valid.back() = 0;
        in.noisy = latent(noisy.data(), B).read();
        in.self_condition = latent(estimate.data(), B).read();
        in.known = latent(known.data(), B).read();
        in.mask = view<const double, dynamic>(mask.data(), B * F);
        in.step = view<const std::int32_t, dynamic>(step.data(), B * F);
        in.is_image = view<const std::uint8_t, dynamic>(is_image.data(), B);
        in.text = view<const double, dynamic, Config::text_dim>(text.data(), S * Config::text_tokens);
        in.text_row = view<const std::int32_t, dynamic>(text_row.data(), B * F);
        in.text_valid = view<const std::uint8_t, dynamic>(valid.data(), S * Config::text_tokens);
        in.low_resolution = decltype(in.low_resolution)(low.data(), B);
        in.low_resolution_step = view<const std::int32_t, dynamic>(low_step.data(), B);
    }
    const std::vector<double>& run() {
        model.predict(in, latent(v.data(), B));
        return v;
    }
};

} // namespace

TEST_CASE("stacked images do not see each other, and frames of a video do") {
    scene<tiny> s;
    const std::size_t frame = tiny::height * tiny::width * tiny::channels;
    const std::vector<double> before = s.run();
    s.noisy[(3 + 1) * frame + 3] += 1; // the second image of sample 1
    std::vector<double> after = s.run();
    for (std::size_t i = 0; i < before.size(); ++i) {
        CAPTURE(i / frame);
        if (i / frame == 4) continue;
        REQUIRE(after[i] == before[i]); // every bit
    }
    CHECK(after[4 * frame] != before[4 * frame]);
    s.noisy[(3 + 1) * frame + 3] -= 1;
    s.noisy[frame + 3] += 1; // the second frame of sample 0, a video
    after = s.run();
    CHECK(after[0] != before[0]);
    CHECK(after[2 * frame] != before[2 * frame]);
    for (std::size_t i = 3 * frame; i < before.size(); ++i) REQUIRE(after[i] == before[i]); // another sample
}

TEST_CASE("a text position that is not valid does not matter, and neither does the empty text") {
    scene<tiny> s;
    const std::vector<double> before = s.run();
    for (int d = 0; d < tiny::text_dim; ++d) s.text[s.text.size() - 1 - static_cast<std::size_t>(d)] += 5; // the last position of text 2
    for (int d = 0; d < tiny::text_tokens * tiny::text_dim; ++d) s.text[static_cast<std::size_t>(d)] -= 3;  // all of text 0
    CHECK(s.run() == before);
    s.text[static_cast<std::size_t>(tiny::text_tokens) * tiny::text_dim] += 1; // text 1
    CHECK(s.run() != before);
}

TEST_CASE("known latents enter only through the mask") {
    scene<tiny> s;
    const std::size_t frame = tiny::height * tiny::width * tiny::channels;
    const std::vector<double> before = s.run();
    for (std::size_t i = frame; i < s.known.size(); ++i) s.known[i] += 2; // frames with mask 0
    CHECK(s.run() == before);
    s.known[0] += 1;
    CHECK(s.run() != before);
}

TEST_CASE("a model as it starts predicts zero: its gates and its output are zero") {
    reference::context ctx;
    denoiser model(ctx, tiny{}, compute<double>, seed{4});
    scene<tiny> s;
    s.model.assign(model.host_masters());
    for (const double value : s.run()) REQUIRE(value == 0.0);
}

TEST_CASE("the gradients of inputs and parameters agree with finite differences") {
    scene<tiny> s;
    using latent = scene<tiny>::latent;
    const std::vector<double> dv = scene<tiny>::drawn(20, s.v.size());
    buffer<double> gradient(s.ctx, s.model.extent);
    std::vector<double> dnoisy(s.noisy.size()), destimate(s.noisy.size()), dknown(s.noisy.size()), dtext(s.text.size()), dlow(s.low.size());
    {
        const arena::scope scope(s.ctx.arena);
        typename transformer<tiny>::saved<double> keep(s.ctx.arena, s.B, static_cast<std::int64_t>(s.valid.size()), activations::all);
        s.model.network().forward(s.ctx, s.model.weights(), s.in, latent(s.v.data(), s.B), keep);
        denoiser_input_gradient<double, tiny> din;
        din.noisy = latent(dnoisy.data(), s.B);
        din.self_condition = latent(destimate.data(), s.B);
        din.known = latent(dknown.data(), s.B);
        din.text = view<double, dynamic, tiny::text_dim>(dtext.data(), static_cast<std::int64_t>(s.valid.size()));
        din.low_resolution = decltype(din.low_resolution)(dlow.data(), s.B);
        s.model.network().backward(s.ctx, s.model.weights(), s.in, keep, view<const double, dynamic, 3, 2, 4, 2>(dv.data(), s.B),
                                   gradients<double>{gradient.data()}, din);
    }
    const auto f = [&] { return testing::inner_product(s.run(), dv); };
    CHECK(testing::check_gradient(s.noisy, dnoisy, f, 12).worst < 1e-6);
    CHECK(testing::check_gradient(s.estimate, destimate, f, 12).worst < 1e-6);
    CHECK(testing::check_gradient(s.known, dknown, f, 16).worst < 1e-6);
    CHECK(testing::check_gradient(s.text, dtext, f, 16).worst < 1e-6);
    CHECK(testing::check_gradient(s.low, dlow, f, 12).worst < 1e-6);
    for (const parameter_row& row : parameter_table<transformer<tiny>>()) {
        CAPTURE(row.name);
        CHECK(testing::check_gradient(s.model.masters().data() + row.offset, gradient.data() + row.offset, row.size, f, 3).worst < 2e-6);
    }
}
