// What a training needs, counted without a device, beside what it takes on one.
#include "catch.hpp"

#include <walt/reference.hpp>
#include <walt/tokenizer/reconstruction.hpp>
#include <walt/tokenizer/tokenizer.hpp>
#include <walt/train/ema.hpp>
#include <walt/train/needs.hpp>
#include <walt/train/trainer.hpp>

using namespace walt;

namespace {

struct small : tokenizer_config {
    static constexpr int channels = 4, blocks = 1, latent = 2, norm_groups = 2;
    static constexpr std::array<int, 2> multipliers{1, 2};
    static constexpr std::array<int, 1> time_strides{2};
};

void one_step(auto& device) {
    tokenizer model(device, small{}, compute<float>, seed{1});
    trainer training(model, reconstruction{}, adamw{});
    ema average(model);
    clips batch{.shape = {2, 3, 8, 8}};
    batch.pixels.resize(static_cast<std::size_t>(batch.shape.size()), 0.5f);
    training.step([&](std::int64_t) { return batch; });
}

} // namespace

TEST_CASE("what the meta device counts is what a device takes") {
    counting_context<reference::context> device;
    one_step(device);
    const training_needs needs = needs_of([](auto& meta) { one_step(meta); });
    CHECK(needs.kept == device.allocated->most);
    CHECK(needs.activations >= device.arena.peak());
    CHECK(needs.activations < 4 * device.arena.peak()); // of so small a network the scratch of convolutions is most
    CHECK(needs.flops > 0);
    CHECK(needs.seconds(10, 2 * needs.flops) == 5);
    CHECK_THROWS_AS(needs.seconds(10, 0), error);
}

TEST_CASE("what cannot fit is refused with both numbers") {
    const training_needs needs{3'000'000'000, 1'500'000'000, 1e12};
    require_fits(needs, 4'500'000'000);
    CHECK_THROWS_WITH(require_fits(needs, 4'400'000'000),
                      Catch::StartsWith("this training needs 4.50 GB (3.00 GB that stay, 1.50 GB in a step), and 4.40 "
                                        "GB are there"));
    CHECK(text_of(needs, 7200, 1e12) ==
          "3.00 GB stay, 1.50 GB in a step, 1.000 TFLOP a step; 7200 steps at 1.00 TFLOP/s: 2:00:00");
    CHECK(available_memory() > 0);
}
