// Window attention on the CUDA device against the reference in the presets' windows of several heads: what lies in rows
// of heads (log-sum-exps, gradients of the bias) is found over several tiles, and where the last is not full.
#include "window_samples.cuh"

#include <walt/config/presets.hpp>

namespace tests {
using namespace walt;

namespace {

/// A preset's windows, of two heads.
template <class Preset> struct two_heads : Preset {
    static constexpr int hidden = 2 * Preset::hidden / Preset::heads, heads = 2;
};

using spatiotemporal_88 = dimensions<two_heads<presets::cascade_256x448>>::spatiotemporal;
using spatiotemporal_64 = dimensions<two_heads<presets::walt_l>>::spatiotemporal;
static_assert(spatiotemporal_88::tokens == 140 && spatiotemporal_88::head_dim == 88 && spatiotemporal_88::heads == 2);
static_assert(spatiotemporal_64::tokens == 320 && spatiotemporal_64::head_dim == 64 && spatiotemporal_64::heads == 2);

} // namespace

TEST_CASE("cuda: attention of two heads in the presets' windows of 140 and 320 tokens", "[cuda][window_attention]") {
    window_attention_agrees<spatiotemporal_88, bf16, 1>(2e-2);
    window_attention_agrees<spatiotemporal_64, bf16, 2>(2e-2); // the second sample is a stack of images
}

} // namespace tests
