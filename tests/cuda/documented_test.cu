// What docs/cuda.md quotes.
#include "../catch.hpp"
#include "../train/tiny_denoiser.hpp"

#include <walt/cuda.cuh>
#include <walt/diffusion/sample.hpp>
#include <walt/train/ema.hpp>
#include <walt/train/trainer.hpp>
#include <walt/transformer/denoiser.hpp>

namespace {
using my_model = tiny;
const auto batches = tiny_batch;
} // namespace

TEST_CASE("cuda: the example of the documentation runs", "[cuda][docs]") {
    // [context]
    walt::cuda::context device(0);             // the GPU's number
    device.precision = walt::cuda::math::tf32; // of products of float32 models
    walt::denoiser model(device, my_model{}, walt::compute<walt::bf16>, walt::seed{1});
    walt::trainer trainer(model, walt::denoising{.record = true});
    walt::ema average(model);
    REQUIRE(trainer.run(batches, walt::steps{3}, average));
    const walt::latents latents =
        walt::sample_latents(average.model(), walt::labels{0, 2}, {.sampler = walt::ddim{.steps = 4}});
    // [/context]
    CHECK(latents.values.size() == 2 * 2 * 2 * 4 * 3);
}
