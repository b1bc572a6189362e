// Pixels of any number of channels: grey, RGBA, fields of a simulation, some of whose cells are missing.
#include "../catch.hpp"
#include "tiny_tokenizer.hpp"

#include <walt/cpu.hpp>
#include <walt/testing/gradient_check.hpp>
#include <walt/testing/relative_error.hpp>
#include <walt/tokenizer/reconstruction.hpp>
#include <walt/train/objective.hpp>

#include <vector>

using namespace walt;

namespace {

template <int Channels> struct pixels_of : testing::tiny_tokenizer { static constexpr int in_channels = Channels; };

/// Loss and gradient of a batch, as doubles.
template <class Context, class T, class Config> std::vector<double> result(const clips& batch, bool mask) {
    Context ctx;
    tokenizer<Context, Config, T> tokens(ctx, Config{}, compute<T>, seed{1});
    clips seen = batch;
    if (mask)
        for (std::int64_t i = 0; i < batch.pixels_present(); ++i) seen.present.push_back(i % 5 != 0);
    buffer<accumulate_t<T>> gradient(ctx, tokens.extent);
    const double loss = static_cast<double>(
        loss_of(reconstruction{}, tokens, seen, gradients<accumulate_t<T>>{gradient.data()}, philox{7, 3}));
    std::vector<double> made(gradient.data(), gradient.data() + gradient.size());
    made.push_back(loss);
    return made;
}

} // namespace

TEMPLATE_TEST_CASE("pixels have any number of channels", "[tokenizer]", pixels_of<1>, pixels_of<4>, pixels_of<32>) {
    clips batch{.shape = {2, 3, 4, 4, TestType::in_channels}};
    batch.pixels.resize(static_cast<std::size_t>(batch.shape.size()));
    testing::fill_normal(batch.pixels, 4, 0.5);
    for (const bool mask : {false, true}) {
        const auto exact = result<reference::context, double, TestType>(batch, mask);
        const auto fast = result<cpu::context, float, TestType>(batch, mask);
        CHECK(testing::relative_error(fast.data(), exact) < 1e-4);
        CHECK(fast.back() == Approx(exact.back()).epsilon(1e-5));
    }
    cpu::context ctx;
    const tokenizer tokens(ctx, TestType{}, compute<float>, seed{1});
    const latents z = tokens.encode(batch, latent_scale::raw);
    CHECK(z.shape == video_shape{2, 2, 2, 2, 3});
    CHECK(tokens.decode(z).shape == batch.shape);
    clips other = batch;
    other.shape.channels += 1;
    other.pixels.resize(static_cast<std::size_t>(other.shape.size()));
    CHECK_THROWS_WITH(tokens.encode(other, latent_scale::raw), Catch::Contains("pixels of"));
}
