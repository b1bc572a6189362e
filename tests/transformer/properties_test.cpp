// Properties of the denoiser on the CPU's devices, and its gradients by finite differences.
#include "properties.hpp"

#include <walt/cpu.hpp>
#include <walt/testing/gradient_check.hpp>

using namespace walt;
using namespace properties;

namespace {
template <class Context, class T> struct on {
    using context = Context;
    using type = T;
};
using exact = on<reference::context, double>;
using fast = on<cpu::context, float>;
using rounded = on<cpu::context, bf16>;
} // namespace

TEMPLATE_TEST_CASE("stacked images do not see each other, and frames of a video do", "", exact, fast, rounded) {
    images_are_alone<typename TestType::context, typename TestType::type>();
}
TEMPLATE_TEST_CASE("a text position that is not valid does not matter, and neither does the empty text", "", exact,
                   fast, rounded) {
    invalid_text_is_not_seen<typename TestType::context, typename TestType::type>();
}
TEMPLATE_TEST_CASE("known latents enter only through the mask", "", exact, fast, rounded) {
    unknown_frames_are_not_seen<typename TestType::context, typename TestType::type>();
}
TEMPLATE_TEST_CASE("a model as it starts predicts zero: its gates and its output are zero", "", exact, fast, rounded) {
    a_start_predicts_zero<typename TestType::context, typename TestType::type>();
}

TEMPLATE_TEST_CASE("numbers enter only where they are valid", "", exact, fast, rounded) {
    unknown_numbers_are_not_seen<typename TestType::context, typename TestType::type>();
}
TEMPLATE_TEST_CASE("prepared conditions change no bit", "", exact, fast, rounded) {
    prepared_conditions_give_the_same<typename TestType::context, typename TestType::type>();
}
TEMPLATE_TEST_CASE("a frozen model passes on the same gradients and keeps less", "", exact, fast, rounded) {
    a_frozen_model_passes_the_same_gradients<typename TestType::context, typename TestType::type>();
}

TEST_CASE("the gradients of inputs and parameters agree with finite differences") {
    scene<reference::context, double> s;
    using latent = denoiser<reference::context, tiny, double>::latent;
    const std::vector<double> dv = s.drawn(20, s.noisy.size());
    buffer<double> gradient(s.ctx, s.model.extent);
    std::vector<double> dnoisy(s.noisy.size()), destimate(s.noisy.size()), dknown(s.noisy.size()), dtext(s.text.size()),
        dlow(s.low.size());
    {
        const arena::scope scope(s.ctx.arena);
        typename transformer<tiny>::saved<double> keep(s.ctx.arena, s.B, static_cast<std::int64_t>(s.valid.size()),
                                                       activations::all);
        const auto in = s.input();
        std::vector<double> v(s.noisy.size());
        s.model.forward(in, latent(v.data(), s.B), keep);
        denoiser_input_gradient<double, tiny> din;
        din.noisy = latent(dnoisy.data(), s.B);
        din.self_condition = latent(destimate.data(), s.B);
        din.known = latent(dknown.data(), s.B);
        din.text = view<double, dynamic, tiny::text_dim>(dtext.data(), static_cast<std::int64_t>(s.valid.size()));
        din.low_resolution = decltype(din.low_resolution)(dlow.data(), s.B);
        s.model.network().backward(s.ctx, s.model.weights(), in, keep,
                                   view<const double, dynamic, 3, 2, 4, 2>(dv.data(), s.B), din,
                                   gradients<double>{gradient.data()});
    }
    const auto f = [&] { return testing::inner_product(s.run(), dv); };
    CHECK(testing::check_gradient(s.noisy, dnoisy, f, 12).worst < 1e-6);
    CHECK(testing::check_gradient(s.estimate, destimate, f, 12).worst < 1e-6);
    CHECK(testing::check_gradient(s.known, dknown, f, 16).worst < 1e-6);
    CHECK(testing::check_gradient(s.text, dtext, f, 16).worst < 1e-6);
    CHECK(testing::check_gradient(s.low, dlow, f, 12).worst < 1e-6);
    for (const parameter_row& row : parameter_table<transformer<tiny>>()) {
        CAPTURE(row.name);
        if (!row.trainable()) continue;
        CHECK(
            testing::check_gradient(s.model.masters().data() + row.offset, gradient.data() + row.offset, row.size, f, 3)
                .worst < 2e-6);
    }
}

TEST_CASE("an input that lacks what its config uses is refused, with both sizes") {
    properties::scene<walt::reference::context, double> s;
    const auto refuses = [&](auto&& change, const char* sentence) {
        const walt::arena::scope scope(s.ctx.arena);
        auto in = s.input();
        change(in);
        CHECK_THROWS_WITH(s.model.predict(in, s.take()), Catch::Contains(sentence));
    };
    refuses([](auto& in) { in.step = in.step.slice(0, 5); }, "needs 6 steps, one a frame; 5 came");
    refuses([](auto& in) { in.numbers = {}; }, "needs 6 rows of numbers, one a frame; 0 came");
    refuses([](auto& in) { in.numbers_valid = in.numbers_valid.slice(0, 2); }, "needs 6 validities of numbers");
    refuses([](auto& in) { in.low_resolution = {}; }, "needs 2 samples in low_resolution; 0 came");
    refuses([](auto& in) { in.low_resolution_step = {}; }, "needs 2 low-resolution steps, one a sample; 0 came");
    refuses([](auto& in) { in.text_row = {}; }, "needs 6 text rows, one a frame; 0 came");
    refuses([](auto& in) { in.mask = {}; }, "needs 6 mask values");
    refuses([](auto& in) { in.text = {}; }, "needs 12 positions of texts, each with text_valid; 0 came");
    refuses([](auto& in) { in.text = {}, in.text_valid = {}; }, "1 text or more of 4 positions; 0 positions came");
}
