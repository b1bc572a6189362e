// The held-out loss: the number that its definition gives, the same every time.
#include "../catch.hpp"
#include "../train/tiny_denoiser.hpp"

#include <walt/diffusion/held_out_loss.hpp>
#include <walt/reference.hpp>
#include <walt/transformer/denoiser.hpp>

using namespace walt;

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
