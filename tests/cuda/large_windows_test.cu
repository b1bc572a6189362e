// Window attention on the CUDA device against the reference in windows of 560, 1024 and 1792 tokens, whose last tiles
// are full but for those of 560, of one head each.
#include "window_samples.cuh"

#include <walt/config/presets.hpp>

namespace tests {
using namespace walt;

namespace {

struct wide : presets::text_to_video_l {
    static constexpr int hidden = 144, heads = 1;
};
using spatiotemporal_144 = dimensions<wide>::spatiotemporal;
using spatial_64 = dimensions<one_head<presets::imagenet_l>>::spatial;
using whole_frame =
    attention_shape<token_order<32, 56, 32, 56, 32, 56>, 1, 1, 32, 56, 1, 64, true, image_rule::identity>;
static_assert(spatiotemporal_144::tokens == 560 && spatiotemporal_144::head_dim == 144);
static_assert(spatial_64::tokens == 1024 && spatial_64::head_dim == 64);
static_assert(whole_frame::tokens == 1792);

} // namespace

TEST_CASE("cuda: attention in windows of 560, 1024 and 1792 tokens", "[cuda][window_attention]") {
    window_attention_agrees<spatiotemporal_144, bf16, 1>(2e-2);
    window_attention_agrees<spatial_64, bf16, 1>(2e-2);
    window_attention_agrees<whole_frame, bf16, 1>(2e-2);
}

} // namespace tests
