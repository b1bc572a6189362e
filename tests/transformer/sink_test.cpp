// A gradient sink of one's own: what it does, it does inside the blocks too.
#include "../catch.hpp"

#include <walt/core/model.hpp>
#include <walt/reference.hpp>
#include <walt/transformer/denoiser.hpp>

using namespace walt;

namespace {
struct tiny : denoiser_config {
    static constexpr int frames = 1, height = 2, width = 2, channels = 2, hidden = 8, heads = 2, depth = 2, classes = 0,
                         text_dim = 0, text_tokens = 0;
    static constexpr window spatiotemporal_window{0, 2, 2};
};
/// Adds gradients up, and writes down how many parameters were asked for when each block was done.
struct counting : gradients<double> {
    std::vector<int>* when_ready;
    int* asked;
    template <class Parameter> auto operator()(const Parameter& p) const {
        ++*asked;
        return gradients<double>::operator()(p);
    }
    void ready(int block) const {
        CHECK(block == 1 - static_cast<int>(when_ready->size()));
        when_ready->push_back(*asked);
    }
};
} // namespace

TEST_CASE("a sink of one's own sees every parameter and the end of every block", "[transformer]") {
    reference::context ctx;
    const denoiser model(ctx, tiny{}, compute<double>, seed{1});
    using module = std::remove_cvref_t<decltype(model.network())>;
    const auto latent = [&] {
        const auto made = ctx.arena.take<double, dynamic, 1, 2, 2, 2>(1);
        ops::fill(ctx, made, 0.5);
        return made;
    };
    const buffer<std::int32_t> step(ctx, 1); // zeros
    const buffer<std::uint8_t> is_image(ctx, 1);
    denoiser_input<double, tiny> in;
    in.noisy = latent().read();
    in.self_condition = latent().read();
    in.step = step.all().read();
    in.is_image = is_image.all().read();
    const auto v = latent(), dv = latent();
    ops::fill(ctx, dv, 1);
    const typename module::template saved<double> keep(ctx.arena, 1, 0, activations::all);
    model.network().forward(ctx, model.weights(), in, v, keep);

    buffer<double> plain(ctx, placed<module>.extent), own(ctx, placed<module>.extent);
    model.network().backward(ctx, model.weights(), in, keep, dv, {}, gradients<double>{plain.data()});
    std::vector<int> when_ready;
    int asked = 0;
    model.network().backward(ctx, model.weights(), in, keep, dv, {}, counting{{own.data()}, &when_ready, &asked});
    CHECK(std::equal(plain.data(), plain.data() + plain.size(), own.data()));
    REQUIRE(when_ready.size() == 2);
    CHECK(when_ready[1] - when_ready[0] > 4); // a block's parameters
    CHECK(asked > when_ready[1]);
}
