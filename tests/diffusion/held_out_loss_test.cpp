// The held-out loss: the number that its definition gives, the same every time.
#include "../catch.hpp"
#include "../train/tiny_denoiser.hpp"

#include <walt/diffusion/held_out_loss.hpp>
#include <walt/reference.hpp>
#include <walt/transformer/denoiser.hpp>

#include <set>

using namespace walt;

namespace {

struct enlarging : tiny {
    static constexpr int classes = 0;
    static constexpr bool super_resolution = true;
};
/// 4 latents that are zero, then 2 and then 1.
latents fewer_and_fewer(std::int64_t n) {
    latents batch{.shape = latents_of<enlarging>(4 >> n)};
    batch.values.resize(static_cast<std::size_t>(batch.shape.size()));
    batch.low_resolution.resize(batch.values.size() / 4);
    return batch;
}
/// Answers zero, and keeps what it saw of each sample: latent and low-resolution latent.
struct listener {
    using config_type = enlarging;
    using A = double;
    reference::context ctx;
    std::vector<std::vector<double>> noisy, low;

    reference::context& context() { return ctx; }
    void predict(const denoiser_input<A, enlarging>& input, const auto& answer) {
        ops::fill(ctx, answer, 0.0);
        const auto keep = [](const auto& of, std::vector<std::vector<double>>& in) {
            const std::int64_t sample = of.size() / of.extent(0);
            for (std::int64_t b = 0; b < of.extent(0); ++b)
                in.emplace_back(of.data() + b * sample, of.data() + (b + 1) * sample);
        };
        keep(input.noisy, noisy);
        keep(input.low_resolution, low);
    }
};

} // namespace

TEST_CASE("batches may differ in size: the mean is over samples, and each has noise of its own", "[held_out]") {
    listener model;
    const auto found = held_out_loss(model, fewer_and_fewer, 3, {}, seed{9});
    const noise_schedule schedule;
    const int levels[7] = {125, 375, 625, 875, 250, 750, 500};
    const std::uint64_t size = 2 * 2 * 4 * 3;
    double sum = 0;
    REQUIRE(model.noisy.size() == 14); // two passes: a batch's samples come twice
    for (std::uint64_t sample = 0; sample < 7; ++sample) {
        const auto [signal, noise] = schedule.at(levels[sample]);
        const philox eps{9, hash("validation") + sample};
        const auto& seen = model.noisy[sample < 4 ? sample : sample < 6 ? sample + 4 : sample + 6];
        for (std::uint64_t e = 0; e < size; ++e) {
            const double v = signal * static_cast<double>(eps.normal(e));
            sum += v * v / static_cast<double>(7 * size);
            CHECK(seen[e] == Approx(noise * static_cast<double>(eps.normal(e))).epsilon(1e-6));
        }
    }
    CHECK(found.plain == Approx(sum).epsilon(1e-9));
    CHECK(std::set<std::vector<double>>(model.low.begin(), model.low.end()).size() == 7);
}

TEST_CASE("the held-out loss of a model that answers zero is the mean square of v", "[held_out]") {
    reference::context ctx;
    denoiser model(ctx, tiny{}, compute<double>, seed{1}); // its output layer is zero
    const auto found = held_out_loss(model, tiny_batch, 2, {}, seed{9});
    const noise_schedule schedule;
    double sum = 0;
    std::uint64_t sample = 0;
    for (const int n : {0, 1}) {
        const latents batch = tiny_batch(n);
        const auto size = static_cast<std::uint64_t>(batch.shape.sample());
        for (int i = 0; i < 3; ++i, ++sample) {
            const auto [signal, noise] = schedule.at(std::array{166, 500, 833}[static_cast<std::size_t>(i)]);
            const philox eps{9, hash("validation") + sample};
            for (std::uint64_t e = 0; e < size; ++e) {
                const double v = signal * static_cast<double>(eps.normal(e)) -
                                 noise * static_cast<double>(batch.values[static_cast<std::size_t>(i) * size + e]);
                sum += v * v / static_cast<double>(6 * size);
            }
        }
    }
    CHECK(found.plain == Approx(sum).epsilon(1e-9));
    CHECK(found.self_conditioned == found.plain);
    CHECK_THROWS_WITH(held_out_loss(model, tiny_batch, 0), Catch::Contains("1 batch or more, not 0"));
    CHECK_THROWS_WITH(held_out_loss(model, tiny_batch, 1, {.low_resolution_noise = 5000}),
                      Catch::Equals("denoising::low_resolution_noise must be 0 to 999; it is 5000"));
    const auto spoilt = [](std::int64_t n) {
        latents batch = tiny_batch(n);
        if (n == 1) batch.values[3] = std::numeric_limits<float>::quiet_NaN();
        return batch;
    };
    CHECK_THROWS_WITH(held_out_loss(model, spoilt, 2),
                      Catch::StartsWith("the held-out loss of batch 1 is not finite (nan)"));
}

TEST_CASE("the held-out loss is the same number every time, and a first pass changes it", "[held_out]") {
    reference::context ctx;
    denoiser model(ctx, tiny{}, compute<double>, seed{1});
    std::vector<double> masters = model.host_masters();
    for (std::size_t i = 0; i < masters.size(); ++i) masters[i] += 0.2 * static_cast<double>(philox{3, 9}.normal(i));
    model.assign(masters);
    const auto once = held_out_loss(model, tiny_batch, 1), again = held_out_loss(model, tiny_batch, 1);
    CHECK((once.plain == again.plain && once.self_conditioned == again.self_conditioned));
    CHECK(once.plain != once.self_conditioned);
    CHECK(held_out_loss(model, tiny_batch, 1, {}, seed{2}).plain != once.plain);
}
