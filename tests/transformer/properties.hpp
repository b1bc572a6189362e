// Properties of the denoiser that hold for any weights, on any device.
#pragma once

#include "../catch.hpp"

#include <walt/core/philox.hpp>
#include <walt/transformer/denoiser.hpp>

namespace properties {

using namespace walt;

struct tiny : denoiser_config {
    static constexpr int frames = 3, height = 2, width = 4, channels = 2, hidden = 12, heads = 2, depth = 3,
                         adaln_rank = 3;
    static constexpr int text_dim = 6, text_tokens = 4, numbers = 2, classes = 2;
    static constexpr bool frame_prediction = true, super_resolution = true;
    static constexpr window spatiotemporal_window{0, 2, 2};
};

/// A video and a stack of images in host memory, and a model whose every parameter is drawn, so that no gate is zero.
template <class Context, class T> struct scene {
    using A = accumulate_t<T>;
    using model_type = denoiser<Context, tiny, T>;
    Context ctx;
    model_type model{ctx, tiny{}, compute<T>, seed{1}};
    static constexpr std::int64_t B = 2, F = tiny::frames, S = 3;
    static constexpr std::size_t frame = tiny::height * tiny::width * tiny::channels,
                                 text_size = tiny::text_tokens * tiny::text_dim;
    std::vector<A> noisy = drawn(1, B*F*frame), estimate = drawn(2, noisy.size()), known = drawn(3, noisy.size()),
                   text = drawn(4, S*text_size), low = drawn(5, noisy.size() / 4), mask = std::vector<A>(B * F),
                   numbers = drawn(6, B*F * 2);
    std::vector<std::int32_t> step{100, 100, 100, 7, 800, 450}, low_step{30, 200}, text_row{1, 1, 1, 2, 0, 1},
        label{1, 1, 1, 0, 2, 1};
    std::vector<std::uint8_t> is_image{0, 1}, numbers_valid{1, 1, 1, 0, 1, 0},
        valid = std::vector<std::uint8_t>(S * tiny::text_tokens, 1);

    static std::vector<A> drawn(std::uint64_t stream, std::size_t count) {
        std::vector<A> values(count);
        for (std::size_t i = 0; i < count; ++i) values[i] = static_cast<A>(philox{3, stream}.normal(i));
        return values;
    }
    scene() {
        std::vector<A> masters = model.host_masters(), noise = drawn(9, masters.size());
        for (std::size_t i = 0; i < masters.size(); ++i) masters[i] += A(0.1) * noise[i];
        model.assign(masters);
        mask[0] = 1;
        std::fill_n(valid.begin(), tiny::text_tokens, std::uint8_t{0});
        valid.back() = 0;
    }
    /// The input on the device, in the arena.
    typename model_type::input input() {
        using latent = typename model_type::input::latent;
        typename model_type::input in;
        in.noisy = latent(to_device<A>(ctx, noisy).data(), B);
        in.self_condition = latent(to_device<A>(ctx, estimate).data(), B);
        in.known = latent(to_device<A>(ctx, known).data(), B);
        in.mask = to_device<A>(ctx, mask).read();
        in.step = to_device<std::int32_t>(ctx, step).read();
        in.is_image = to_device<std::uint8_t>(ctx, is_image).read();
        in.label = to_device<std::int32_t>(ctx, label).read();
        in.numbers = decltype(in.numbers)(to_device<A>(ctx, numbers).data(), B * F);
        in.numbers_valid = to_device<std::uint8_t>(ctx, numbers_valid).read();
        in.text = decltype(in.text)(to_device<A>(ctx, text).data(), S * tiny::text_tokens);
        in.text_row = to_device<std::int32_t>(ctx, text_row).read();
        in.text_valid = to_device<std::uint8_t>(ctx, valid).read();
        in.low_resolution = decltype(in.low_resolution)(to_device<A>(ctx, low).data(), B);
        in.low_resolution_step = to_device<std::int32_t>(ctx, low_step).read();
        return in;
    }
    auto take() {
        return ctx.arena.template take<A, dynamic, tiny::frames, tiny::height, tiny::width, tiny::channels>(B);
    }
    std::vector<A> run(bool prepared = false) {
        const arena::scope scope(ctx.arena);
        const auto v = take();
        const auto in = input();
        if (prepared) model.predict(in, model.prepare(in), v);
        else model.predict(in, v);
        std::vector<A> host(noisy.size());
        ctx.download(host.data(), v.data(), host.size() * sizeof(A));
        return host;
    }
};

/// Stacked images do not see each other, to the last bit; frames of a video do.
template <class Context, class T> void images_are_alone() {
    scene<Context, T> s;
    constexpr std::size_t frame = s.frame;
    const auto before = s.run();
    s.noisy[(3 + 1) * frame + 3] += 1; // the second image of sample 1
    auto after = s.run();
    for (std::size_t i = 0; i < before.size(); ++i) {
        CAPTURE(i / frame);
        if (i / frame != 4) REQUIRE(after[i] == before[i]); // every bit
    }
    CHECK(after[4 * frame] != before[4 * frame]);
    s.noisy[(3 + 1) * frame + 3] -= 1;
    s.noisy[frame + 3] += 1; // the second frame of sample 0, a video
    after = s.run();
    CHECK(after[0] != before[0]);
    CHECK(after[2 * frame] != before[2 * frame]);
    for (std::size_t i = 3 * frame; i < before.size(); ++i) REQUIRE(after[i] == before[i]); // another sample
}

/// A text position that is not valid does not matter, and neither does the empty text.
template <class Context, class T> void invalid_text_is_not_seen() {
    scene<Context, T> s;
    const auto before = s.run();
    for (int d = 0; d < tiny::text_dim; ++d)
        s.text[s.text.size() - 1 - static_cast<std::size_t>(d)] += 5; // the last position of text 2
    for (std::size_t d = 0; d < s.text_size; ++d) s.text[d] -= 3;     // all of text 0
    CHECK(s.run() == before);
    s.text[s.text_size] += 1; // text 1
    CHECK(s.run() != before);
}

/// Known latents enter only through the mask.
template <class Context, class T> void unknown_frames_are_not_seen() {
    scene<Context, T> s;
    const auto before = s.run();
    for (std::size_t i = s.frame; i < s.known.size(); ++i) s.known[i] += 2; // frames with mask 0
    CHECK(s.run() == before);
    s.known[0] += 1;
    CHECK(s.run() != before);
}

/// A model as it starts predicts zero: its gates and its output are zero.
template <class Context, class T> void a_start_predicts_zero() {
    scene<Context, T> s;
    const denoiser model(s.ctx, tiny{}, compute<T>, seed{4});
    s.model.assign(model.host_masters());
    for (const auto value : s.run()) REQUIRE(value == 0);
}

/// Numbers enter only where they are valid.
template <class Context, class T> void unknown_numbers_are_not_seen() {
    scene<Context, T> s;
    const auto before = s.run();
    for (const std::size_t f : {std::size_t{3}, std::size_t{5}}) s.numbers[2 * f] += 3;
    CHECK(s.run() == before);
    s.numbers[0] += 1;
    CHECK(s.run() != before);
}

/// What is prepared changes no bit.
template <class Context, class T> void prepared_conditions_give_the_same() {
    scene<Context, T> s;
    CHECK(s.run(true) == s.run(false));
    const arena::scope scope(s.ctx.arena);
    const auto v = s.take();
    CHECK_THROWS_WITH(s.model.predict(s.input(), s.model.prepare(s.input()).first(1), v),
                      Catch::Contains("for 1 samples") && Catch::Contains("2 are asked"));
}

/// A frozen model passes on the gradients that a trained one does, and keeps less for it.
template <class Context, class T> void a_frozen_model_passes_the_same_gradients() {
    using A = accumulate_t<T>;
    scene<Context, T> s;
    std::size_t kept[2];
    const auto gradients_of = [&](bool frozen) {
        const arena::scope scope(s.ctx.arena);
        const auto in = s.input();
        const auto v = s.take(), dnoisy = s.take(), destimate = s.take();
        const auto dtext = s.ctx.arena.template take<A, dynamic, tiny::text_dim>(in.text.extent(0));
        typename scene<Context, T>::model_type::input_gradient din;
        din.noisy = dnoisy, din.self_condition = destimate, din.text = dtext;
        const std::size_t before = s.ctx.arena.used();
        typename scene<Context, T>::model_type::saved keep(s.ctx.arena, s.B, in.text_valid.extent(0),
                                                           frozen ? activations::input_gradient : activations::all);
        kept[frozen] = s.ctx.arena.used() - before;
        s.model.forward(in, v, keep);
        const buffer<A> all(s.ctx, s.model.extent);
        if (frozen) {
            CHECK_THROWS_WITH(s.model.backward(in, keep, v.read(), din, gradients<A>{all.data()}),
                              Catch::Contains("activations::input_gradient"));
            s.model.backward(in, keep, v.read(), din, no_gradients{});
        } else s.model.backward(in, keep, v.read(), din, gradients<A>{all.data()});
        std::vector<A> host(static_cast<std::size_t>(2 * v.size() + dtext.size()));
        s.ctx.download(host.data(), dnoisy.data(), static_cast<std::size_t>(v.size()) * sizeof(A));
        s.ctx.download(host.data() + v.size(), destimate.data(), static_cast<std::size_t>(v.size()) * sizeof(A));
        s.ctx.download(host.data() + 2 * v.size(), dtext.data(), static_cast<std::size_t>(dtext.size()) * sizeof(A));
        return host;
    };
    const auto trained = gradients_of(false);
    CHECK(gradients_of(true) == trained);
    CHECK(std::any_of(trained.begin(), trained.end(), [](A x) { return x != 0; }));
    CHECK(kept[1] < kept[0]);
}

} // namespace properties
