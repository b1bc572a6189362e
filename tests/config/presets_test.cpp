// The paper's models have the sizes that docs/model.md 4 states, and run through the meta device.
#include "catch.hpp"

#include <walt/config/demo.hpp>
#include <walt/config/presets.hpp>
#include <walt/diffusion/cost.hpp>

using namespace walt;

namespace {

template <int Rank> struct walt_l_rank : presets::walt_l { static constexpr int adaln_rank = Rank; };
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
// Not in docs/model.md. (The paper gives the third stage as 419 M.)
static_assert(is_millions(count<presets::cascade_base_wide>, 3102.4, 1e5));
static_assert(is_millions(count<presets::cascade_512x896>, 421.8, 1e5));
static_assert(is_millions(count<presets::demo>, 6.36, 1e4));
static_assert(is_millions(count<presets::demo_frames>, 6.37, 1e4));

// Kinetics-600: L without classes, with nine more input channels (8 known latents and their mask).
static_assert(count<presets::kinetics_l> == count<presets::walt_l> - 102 * 1024 + 9 * 1024);

template <class Config> double count_forward() {
    const cost one = sampling_cost(Config{}, compute<bf16>);
    CHECK(one.bytes > 0);
    CHECK(one.activations > 0);
    return one.flops;
}

} // namespace

TEST_CASE("W.A.L.T-L costs what its matrix products and windows cost") {
    const double flops = count_forward<presets::walt_l>();
    constexpr double D = 1024, tokens = 5 * 256, layers = 24, frames = 5;
    const double maps = 2 * tokens * 12 * D * D * layers;                // qkv, out, fc1, fc2
    const double attention = 4 * tokens * D * (12 * 256.0 + 12 * 320.0); // spatial and spatiotemporal windows
    const double conditioning =
        2 * frames * (256 * D + D * D + 6 * D * D + 2 * D * D) + layers * 2 * frames * (2 * D + 2 * 6 * D);
    const double ends = 2 * tokens * (16 * D + 8 * D); // patches in (noisy, estimate), out
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
