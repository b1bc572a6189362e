// The paper's models have the sizes that spec section 4 states, and run through the meta device.
#include "catch.hpp"

#include <walt/config/presets.hpp>
#include <walt/meta.hpp>
#include <walt/transformer/denoiser.hpp>

using namespace walt;

namespace {

template <int Rank> struct walt_l_rank : presets::walt_l {
    static constexpr int adaln_rank = Rank;
};
template <class Config> constexpr std::size_t count = parameter_count<transformer<Config>>;

/// Spec section 4 states millions with one or two decimals: equal when rounded to 10^4 or 10^5.
constexpr bool is_millions(std::size_t parameters, double millions, double unit) {
    const double difference = static_cast<double>(parameters) - millions * 1e6;
    return difference < unit / 2 && difference >= -unit / 2;
}

static_assert(is_millions(count<walt_l_rank<2>>, 313.24, 1e4));
static_assert(is_millions(count<walt_l_rank<4>>, 313.58, 1e4));
static_assert(is_millions(count<walt_l_rank<16>>, 315.65, 1e4));
static_assert(is_millions(count<walt_l_rank<64>>, 323.90, 1e4));
static_assert(is_millions(count<walt_l_rank<256>>, 356.93, 1e4));
static_assert(is_millions(count<presets::walt_l_separate>, 457.74, 1e4));
static_assert(is_millions(count<presets::walt_xl>, 460.02, 1e4));
static_assert(is_millions(count<presets::imagenet_l>, 459.67, 1e4));
static_assert(is_millions(count<presets::text_to_video_l>, 419.9, 1e5));
static_assert(is_millions(count<presets::cascade_256x448>, 1301.7, 1e5));
static_assert(is_millions(count<presets::cascade_base>, 3101.1, 1e5));

// Kinetics-600: L without classes, with nine more input channels (8 known latents and their mask).
static_assert(count<presets::kinetics_l> == count<presets::walt_l> - 102 * 1024 + 9 * 1024);

/// FLOPs of one forward pass of a batch of one.
template <class Config> double count_forward() {
    meta::context ctx;
    denoiser<meta::context, Config, bf16> model(ctx, Config{}, compute<bf16>);
    denoiser_input<float, Config> input;
    constexpr std::int64_t frames = Config::frames;
    using latent = typename denoiser_input<float, Config>::latent;
    input.noisy = latent(nullptr, 1);
    input.is_image = view<const std::uint8_t, dynamic>(nullptr, 1);
    input.step = input.label = input.text_row = view<const std::int32_t, dynamic>(nullptr, frames);
    input.text = view<const float, dynamic, Config::text_dim>(nullptr, Config::text_tokens);
    input.text_valid = view<const std::uint8_t, dynamic>(nullptr, Config::text_tokens);
    input.low_resolution = decltype(input.low_resolution)(nullptr, 1);
    input.low_resolution_step = view<const std::int32_t, dynamic>(nullptr, 1);
    model.predict(input, view<float, dynamic, Config::frames, Config::height, Config::width, Config::channels>(nullptr, 1));
    CHECK(ctx.bytes > 0);
    CHECK(ctx.arena.peak() > 0);
    return ctx.flops;
}

} // namespace

TEST_CASE("W.A.L.T-L costs what its matrix products and windows cost") {
    const double flops = count_forward<presets::walt_l>();
    constexpr double D = 1024, tokens = 5 * 256, layers = 24, frames = 5;
    const double maps = 2 * tokens * 12 * D * D * layers;                    // qkv, out, fc1, fc2
    const double attention = 4 * tokens * D * (12 * 256.0 + 12 * 320.0);     // spatial and spatiotemporal windows
    const double conditioning = 2 * frames * (256 * D + D * D + 6 * D * D + 2 * D * D) + layers * 2 * frames * (2 * D + 2 * 6 * D);
    const double ends = 2 * tokens * (16 * D + 8 * D);                       // patches in (noisy, estimate), out
    CHECK(flops == Approx(maps + attention + conditioning + ends).epsilon(1e-12));
}

TEST_CASE("every preset runs through meta") {
    CHECK(count_forward<presets::walt_xl>() > count_forward<presets::walt_l>());
    CHECK(count_forward<presets::imagenet_l>() > 0);
    CHECK(count_forward<presets::kinetics_l>() > count_forward<presets::walt_l>()); // one channel more
    CHECK(count_forward<presets::text_to_video_l>() > count_forward<presets::walt_l>());
    CHECK(count_forward<presets::cascade_base>() > 5 * count_forward<presets::walt_l>());
    CHECK(count_forward<presets::cascade_base_wide>() > count_forward<presets::cascade_base>());
    CHECK(count_forward<presets::cascade_256x448>() > 0);
    CHECK(count_forward<presets::cascade_512x896>() > 0);
}
