// What the largest of the paper's models needs to be trained, counted on the meta device.
#include "catch.hpp"
#include "tiny_denoiser.hpp"

#include <walt/config/presets.hpp>
#include <walt/reference.hpp>
#include <walt/train/ema.hpp>
#include <walt/train/needs.hpp>
#include <walt/train/trainer.hpp>
#include <walt/transformer/denoiser.hpp>

using namespace walt;

namespace {

using config = presets::cascade_base;
constexpr std::size_t parameters = parameter_count<transformer<config>>;
constexpr std::size_t card = 80'000'000'000;     ///< bytes; an H100 shows some 85
constexpr std::size_t libraries = 1'000'000'000; ///< for CUDA, cuBLASLt and what lies between allocations

latents texts_and_videos(std::int64_t samples) {
    latents batch;
    batch.shape = {samples, config::frames, config::height, config::width, config::channels};
    batch.values.resize(static_cast<std::size_t>(batch.shape.size()));
    batch.text.tokens = config::text_tokens;
    batch.text.dim = config::text_dim;
    batch.text.vectors.resize(std::size_t{2} * config::text_tokens * config::text_dim);
    batch.text.valid.assign(std::size_t{2} * config::text_tokens, 1);
    std::fill_n(batch.text.valid.begin(), config::text_tokens, std::uint8_t{0}); // text 0 is the empty one
    batch.text.row.assign(static_cast<std::size_t>(samples) * config::frames, 1);
    return batch;
}

training_needs needs(std::int64_t samples, activations keep) {
    return needs_of([&](auto& device) {
        denoiser model(device, config{}, compute<bf16>, seed{1});
        trainer training(model, denoising{.self_conditioning_rate = 1, .keep = keep}, adamw{});
        ema average(model);
        const latents batch = texts_and_videos(samples);
        training.step([&](std::int64_t) { return batch; });
    });
}

} // namespace

TEST_CASE("3.1 billion parameters train on one card of 80 GB when blocks run forward twice") {
    CHECK(parameters > 3'000'000'000);
    CHECK(parameters < 3'200'000'000);
    const training_needs again = needs(1, activations::rematerialise);
    // float32: masters, gradient, two moments, average; bf16: the copy that passes read. Parameters are rounded up, and
    // each 64 elements say in 8 bytes what they are.
    CHECK(again.kept >= 22 * parameters + parameters / 8);
    CHECK(again.kept < 22 * parameters + parameters / 7);
    CHECK(again.bytes() + libraries < card);
    const training_needs four = needs(4, activations::rematerialise);
    CHECK(four.kept == again.kept);
    CHECK(four.bytes() + libraries < card);
    const training_needs all = needs(4, activations::all);
    CHECK(all.kept == again.kept);
    CHECK(all.bytes() + libraries > card);
    CHECK(four.flops > all.flops);
}

TEST_CASE("an average takes its low-precision copy when a pass shall read it") {
    counting_context<reference::context> device;
    denoiser model(device, tiny{}, compute<bf16>, seed{1});
    const std::size_t extent = decltype(model)::extent, before = device.allocated->now;
    ema average(model, {.decay = 0.5f});
    CHECK(device.allocated->now - before == extent * sizeof(float));
    CHECK((average.model().host_masters() == model.host_masters()));
    CHECK(device.allocated->now - before == extent * (sizeof(float) + sizeof(bf16)));
    std::vector<float> moved = model.host_masters();
    for (float& one : moved) one += 1.5f;
    average.model().assign(moved);
    const auto& read = average.model();
    CHECK(device.allocated->now - before == extent * (sizeof(float) + sizeof(bf16)));
    const std::vector<float> masters = read.host_masters();
    for (std::size_t i = 0; i < extent; ++i)
        REQUIRE(read.copies().data()[i].bits == static_cast<bf16>(masters[i]).bits);
    CHECK((masters != model.host_masters()));
}
