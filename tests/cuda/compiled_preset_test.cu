// A program that uses a preset which another unit has compiled (presets.cuh).
#include "../catch.hpp"

#include <walt/diffusion/sample.hpp>
#include <walt/presets.cuh>

namespace tests {
using namespace walt;

TEST_CASE("cuda: a preset that another unit has compiled is sampled", "[cuda][presets]") {
    walt::cuda::context ctx;
    const denoiser model(ctx, presets::demo{}, compute<bf16>, seed{1});
    const auto latents = sample_latents(model, unconditional{1}, sampling{.sampler = ddim{.steps = 2}});
    REQUIRE(latents.values.size() == 5 * 6 * 6 * 8);
    // A new model says v = 0 (its last layer starts at zero), so x0 is what the last level keeps of the signal.
    const auto again = sample_latents(model, unconditional{1}, sampling{.sampler = ddim{.steps = 2}});
    CHECK(latents == again);
    double largest = 0;
    for (const float x : latents.values) largest = std::max(largest, static_cast<double>(std::abs(x)));
    CHECK(largest > 0.1);
    CHECK(largest < 10);
}

} // namespace tests
