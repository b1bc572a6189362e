// Window attention on the CUDA device against the reference in the presets' windows of 256, 320 and 448 tokens, whose
// tiles are all full; of one head each.
#include "window_samples.cuh"

#include <walt/config/presets.hpp>

namespace tests {
using namespace walt;

namespace {

using spatial_112 = dimensions<one_head<presets::cascade_base>>::spatial;
using spatiotemporal_72 = dimensions<one_head<presets::walt_xl>>::spatiotemporal;
using spatial_88 = dimensions<one_head<presets::cascade_256x448>>::spatial;
static_assert(spatial_112::tokens == 256 && spatial_112::head_dim == 112);
static_assert(spatiotemporal_72::tokens == 320 && spatiotemporal_72::head_dim == 72);
static_assert(spatial_88::tokens == 448 && spatial_88::head_dim == 88);

} // namespace

TEST_CASE("cuda: attention in the presets' windows of 256, 320 and 448 tokens", "[cuda][window_attention]") {
    window_attention_agrees<spatial_112, bf16, 1>(2e-2);
    window_attention_agrees<spatiotemporal_72, bf16, 2>(2e-2); // the second sample is a stack of images
    window_attention_agrees<spatiotemporal_72, float, 2>(1e-5);
    window_attention_agrees<spatial_88, bf16, 1>(2e-2);
}

} // namespace tests
