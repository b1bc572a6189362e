// A denoiser that gets inputs which it did not have answers as before, until it is trained.
#include "../catch.hpp"

#include <walt/diffusion/sample.hpp>
#include <walt/reference.hpp>
#include <walt/transformer/more_inputs.hpp>

using namespace walt;

namespace {
struct plain : denoiser_config {
    static constexpr int frames = 3, height = 4, width = 4, channels = 3, patch = 2, hidden = 16, heads = 2, depth = 2;
    static constexpr window spatiotemporal_window{0, 2, 2};
    static constexpr bool self_conditioning = false;
};
struct estimating : plain {
    static constexpr bool self_conditioning = true;
};
struct knowing_frames : estimating {
    static constexpr bool frame_prediction = true;
};
struct deeper : knowing_frames {
    static constexpr int depth = 3;
};
struct wider : knowing_frames {
    static constexpr int hidden = 24;
};

template <class Config> auto drawn(reference::context& ctx, std::uint64_t from) {
    denoiser<reference::context, Config, double> model(ctx, Config{}, compute<double>, seed{from});
    std::vector<double> masters = model.host_masters();
    for (std::size_t i = 0; i < masters.size(); ++i) masters[i] += 0.2 * static_cast<double>(philox{from, 9}.normal(i));
    model.assign(masters);
    return model;
}
} // namespace

TEST_CASE("a denoiser with more inputs samples what it did, whatever the new ones are", "[transformer]") {
    reference::context ctx;
    const sampling how{.sampler = ddim{.steps = 3}, .seed = seed{2}};
    const auto first = drawn<plain>(ctx, 1);
    auto second = drawn<estimating>(ctx, 2);
    auto third = drawn<knowing_frames>(ctx, 3);
    const latents wanted = sample_latents(first, unconditional{2}, how);
    add_inputs(first, second);
    CHECK(sample_latents(second, unconditional{2}, how) == wanted);
    add_inputs(first, third); // both at once
    CHECK(sample_latents(third, unconditional{2}, how) == wanted);

    const auto estimates = drawn<estimating>(ctx, 4);
    add_inputs(estimates, third);
    CHECK(sample_latents(third, unconditional{2}, how) == sample_latents(estimates, unconditional{2}, how));
    conditions told{.samples = 1, .known = {std::vector<float>(144, 0.3f), {1, 0, 0}}};
    const latents known = sample_latents(third, told, how);
    CHECK(std::equal(known.values.begin(), known.values.begin() + 48, told.known.values.begin()));

    // The same again changes nothing.
    const auto same = third.host_masters();
    const auto copy = drawn<knowing_frames>(ctx, 5);
    auto fourth = drawn<knowing_frames>(ctx, 6);
    add_inputs(copy, fourth);
    CHECK(fourth.host_masters() == copy.host_masters());
    CHECK(third.host_masters() == same);
}

TEST_CASE("denoisers that differ in more than inputs are refused, and nothing changes", "[transformer]") {
    reference::context ctx;
    const auto from = drawn<estimating>(ctx, 1);
    auto deep = drawn<deeper>(ctx, 2);
    const auto before = deep.host_masters();
    CHECK_THROWS_WITH(add_inputs(from, deep), Catch::Contains("blocks.2.") && Catch::Contains("which the other has"));
    CHECK(deep.host_masters() == before);
    auto wide = drawn<wider>(ctx, 3);
    CHECK_THROWS_WITH(add_inputs(from, wide), Catch::Contains("differ in more than their inputs"));
}
