// Training and sampling on the CUDA device: the same steps as the reference's, and the same bits run after run.
#include "../train/resuming.hpp"

#include <walt/cuda.cuh>
#include <walt/diffusion/sampling.hpp>
#include <walt/train/adafactor.hpp>

namespace tests {
using namespace walt;

namespace {

struct outcome {
    std::vector<double> losses;
    std::vector<float> masters, sample;
};
template <class T, class Context> outcome trained() {
    Context ctx;
    denoiser model(ctx, tiny{}, compute<T>, seed{3});
    trainer train(model, denoising{}, adamw{.learning_rate = 1e-3f}, training{.rate = {.warmup = 2, .total = 100}});
    outcome after;
    for (int step = 0; step < 4; ++step) after.losses.push_back(train.step(tiny_batch).loss);
    after.masters = model.host_masters();

    const arena::scope scope(ctx.arena);
    denoiser_input<float, tiny> input;
    input.is_image = to_device<std::uint8_t>(ctx, std::vector<std::uint8_t>{0}).read();
    input.label = to_device<std::int32_t>(ctx, std::vector<std::int32_t>{1, 1}).read();
    const auto x = ctx.arena.template take<float, dynamic, tiny::frames, tiny::height, tiny::width, tiny::channels>(1);
    ops::normal(ctx, philox{5, 0}, x);
    run_sampler(
        ctx, sampling{.sampler = ddim{.steps = 3, .eta = 0.5f}, .seed = seed{5}}, input, x,
        [&](const auto& in, auto v) { model.predict(in, v); }, [](int, auto) {});
    after.sample.resize(static_cast<std::size_t>(x.size()));
    ctx.download(after.sample.data(), x.data(), after.sample.size() * sizeof(float));
    return after;
}

} // namespace

TEST_CASE("cuda: a model trains as on the reference", "[cuda][trainer]") {
    const outcome exact = trained<float, reference::context>(), mine = trained<float, walt::cuda::context>(),
                  rounded = trained<bf16, walt::cuda::context>();
    for (std::size_t step = 0; step < exact.losses.size(); ++step) {
        CAPTURE(step);
        CHECK(mine.losses[step] == Approx(exact.losses[step]).epsilon(1e-4));
        CHECK(rounded.losses[step] == Approx(exact.losses[step]).epsilon(2e-2));
    }
    for (std::size_t i = 0; i < exact.sample.size(); ++i) CHECK(mine.sample[i] == Approx(exact.sample[i]).margin(1e-2));
}

TEST_CASE("cuda: the same seed gives the same bits", "[cuda][trainer]") {
    const outcome one = trained<bf16, walt::cuda::context>(), other = trained<bf16, walt::cuda::context>();
    CHECK(one.losses == other.losses);
    CHECK(one.masters == other.masters);
    CHECK(one.sample == other.sample);
}

TEST_CASE("cuda: a run that was stopped goes on bit for bit", "[cuda][trainer]") {
    check_resuming<walt::cuda::context>(adamw{});
    check_resuming<walt::cuda::context>(adafactor{.factor_from = 8}, only("blocks.*"));
}

} // namespace tests
