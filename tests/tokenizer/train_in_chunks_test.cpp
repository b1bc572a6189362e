// A tokenizer's gradients chunk by chunk: those of the whole video at once, in less memory.
#include "streams.hpp"

#include <walt/cpu.hpp>
#include <walt/tokenizer/reconstruction.hpp>
#include <walt/train/objective.hpp>

using namespace walt;
using namespace walt::testing;

namespace {

template <class T> struct result {
    double loss = 0;
    std::vector<accumulate_t<T>> gradient;
    std::size_t peak = 0;
};
template <class Context, class T, class Config>
result<T> gradient_of(const reconstruction& objective, const clips& batch) {
    using A = accumulate_t<T>;
    Context ctx;
    const auto tokens = made_tokenizer<T, Config>(ctx);
    buffer<A> gradient(ctx, tokens.extent);
    result<T> made;
    made.loss = static_cast<double>(loss_of(objective, tokens, batch, gradients<A>{gradient.data()}, philox{7, 3}));
    made.gradient = golden_tokenizer::downloaded(ctx, gradient.all());
    made.peak = ctx.arena.peak();
    return made;
}

/// How far the gradient of any parameter is from what it should be, relative, with a floor of 1e-3 of all together.
template <class Config, class A> double worst(const std::vector<A>& yours, const std::vector<A>& right) {
    double squares = 0, most = 0;
    for (const A x : right) squares += static_cast<double>(x) * static_cast<double>(x);
    for (const parameter_row& row : parameter_table<tokenizer_network<Config>>()) {
        const auto begin = right.begin() + static_cast<std::ptrdiff_t>(row.offset);
        most = std::max(most, relative_error(yours.data() + row.offset,
                                             std::vector<A>(begin, begin + static_cast<std::ptrdiff_t>(row.size)),
                                             1e-3 * std::sqrt(squares)));
    }
    return most;
}

template <class Context, class T, class Config> void check_chunks(double most) {
    clips batch = noisy_clips(2, 17);
    reconstruction objective{.absolute = 0.3f, .latent_pull = 0.7f};
    const auto whole = gradient_of<Context, T, Config>(objective, batch);
    for (const std::int64_t chunk : {1, 2, 3})
        for (const activations keep : {activations::all, activations::rematerialise}) {
            objective.chunk = chunk;
            objective.keep = keep;
            const auto parts = gradient_of<Context, T, Config>(objective, batch);
            const double error = worst<Config>(parts.gradient, whole.gradient);
            INFO(Context::name << ' ' << dtype_name<T>() << ", chunks of " << chunk << ": " << error << ", loss "
                               << parts.loss << " and " << whole.loss);
            CHECK(error <= most);
            CHECK(parts.loss == Approx(whole.loss).epsilon(std::max(most, 1e-6)));
            if (chunk == 1) CHECK(parts.peak < whole.peak);
        }
}

} // namespace

TEST_CASE("gradients through chunks are those of the whole video", "[tokenizer][streaming]") {
    SECTION("reference, double") { check_chunks<reference::context, double, four_frames>(1e-12); }
    SECTION("reference, float") { check_chunks<reference::context, float, four_frames>(1e-5); }
    SECTION("cpu, float") { check_chunks<cpu::context, float, four_frames>(1e-5); }
    SECTION("cpu, bf16") { check_chunks<cpu::context, bf16, four_frames>(1e-1); }
    SECTION("cpu, float, frame by frame") { check_chunks<cpu::context, float, golden_tokenizer::frame_by_frame>(1e-5); }
}

TEST_CASE("clips and stacks of images in one batch, the clips in chunks", "[tokenizer][streaming]") {
    clips batch = noisy_clips(2, 9);
    batch.is_image = {0, 1};
    reconstruction objective{.latent_pull = 0.7f};
    const auto whole = gradient_of<reference::context, double, four_frames>(objective, batch);
    objective.chunk = 1;
    const auto parts = gradient_of<reference::context, double, four_frames>(objective, batch);
    CHECK(worst<four_frames>(parts.gradient, whole.gradient) <= 1e-12);
    CHECK(parts.loss == Approx(whole.loss).epsilon(1e-12));
}

TEST_CASE("chunks that cannot be are refused", "[tokenizer][streaming]") {
    const clips batch = noisy_clips(1, 5);
    CHECK_THROWS_WITH((gradient_of<reference::context, float, golden_tokenizer::non_causal>({.chunk = 1}, batch)),
                      Catch::Contains("sees the future"));
    CHECK_THROWS_WITH((gradient_of<reference::context, float, four_frames>({.chunk = -1}, batch)),
                      Catch::Contains("it is -1"));
}
