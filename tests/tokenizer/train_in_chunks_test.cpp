// A tokenizer's gradients chunk by chunk: those of the whole video at once, in less memory.
#include "streams.hpp"
#include "tensor_errors.hpp"

#include <walt/cpu.hpp>
#include <walt/tokenizer/reconstruction.hpp>
#include <walt/train/objective.hpp>

#include <type_traits>

using namespace walt;
using namespace walt::testing;

namespace {

template <class T> struct result {
    double loss = 0;
    std::vector<accumulate_t<T>> gradient;
    std::size_t arena = 0, histories = 0; ///< most bytes at once
    std::size_t memory() const { return arena + histories; }
};
template <class Context, class T, class Config>
result<T> gradient_of(const reconstruction& objective, const clips& batch) {
    using A = accumulate_t<T>;
    counting_context<Context> ctx;
    auto tokens = made_tokenizer<T, Config>(ctx);
    const std::vector<A> masters = tokens.host_masters();
    const std::vector<float> single(masters.begin(), masters.end()); // the same numbers for every type
    tokens.assign(std::vector<A>(single.begin(), single.end()));
    buffer<A> gradient(ctx, tokens.extent);
    result<T> made;
    ctx.allocated->most = ctx.allocated->now;
    const std::size_t before = ctx.allocated->now;
    made.loss = static_cast<double>(loss_of(objective, tokens, batch, gradients<A>{gradient.data()}, philox{7, 3}));
    made.gradient = golden_tokenizer::downloaded(ctx, gradient.all());
    made.arena = ctx.arena.peak();
    made.histories = ctx.allocated->most - before;
    CHECK(ctx.allocated->now == before); // all histories are given back
    return made;
}

/// In double the gradients are those of the whole. In fewer bits their sums are rounded at other places, and what a
/// single sum can be wrong by is what the whole video's is wrong by: chunks must be no further from double than it is.
template <class Context, class T, class Config> void check_chunks(double most, std::int64_t frames = 17) {
    using network = tokenizer_network<Config>;
    const clips batch = noisy_clips(2, frames);
    reconstruction objective{.absolute = 0.3f, .latent_pull = 0.7f};
    const auto whole = gradient_of<Context, T, Config>(objective, batch);
    const auto exact = gradient_of<reference::context, double, Config>(objective, batch);
    const tensor_errors of_whole = errors_of<network>(whole.gradient, exact.gradient);
    for (const std::int64_t chunk : {1, 2, 3, 4, 8})
        for (const activations keep : {activations::all, activations::rematerialise}) {
            if (keep == activations::rematerialise && chunk % 2 == 0) continue;
            objective.chunk = chunk;
            objective.keep = keep;
            const auto parts = gradient_of<Context, T, Config>(objective, batch);
            const double error = errors_of<network>(parts.gradient, whole.gradient).worst;
            const tensor_errors of_parts = errors_of<network>(parts.gradient, exact.gradient);
            INFO(Context::name << ' ' << dtype_name<T>() << ' ' << Config::file << ", chunks of " << chunk << ": "
                               << error << " from the whole video; from double " << of_parts.worst << " (worst tensor) "
                               << of_parts.mean << " (mean), the whole video " << of_whole.worst << ' '
                               << of_whole.mean);
            CHECK(error <= most);
            CHECK(parts.loss == Approx(whole.loss).epsilon(std::max(most, 1e-6)));
            if constexpr (!std::is_same_v<T, double>) {
                CHECK(of_parts.worst <= 1.25 * of_whole.worst);
                CHECK(of_parts.mean <= 1.25 * of_whole.mean);
            }
            if (chunk == 1) CHECK(parts.memory() < whole.memory());
        }
}

/// The plan is never exceeded: of whole videos, and in chunks.
template <class Context, class T, class Config> void check_plan(std::int64_t videos, std::int64_t frames) {
    const clips batch = noisy_clips(videos, frames);
    for (const std::int64_t chunk : {0, 1, 2, 5})
        for (const activations keep : {activations::all, activations::rematerialise}) {
            const reconstruction objective{.keep = keep, .chunk = chunk};
            const auto used = gradient_of<Context, T, Config>(objective, batch);
            const training_memory plan = memory_plan(Config{}, compute<T>, objective, batch.shape);
            INFO(Context::name << ' ' << dtype_name<T>() << ", " << videos << " videos of " << frames
                               << " frames, chunks of " << chunk << ": arena " << used.arena << " of " << plan.arena
                               << ", histories " << used.histories << " of " << plan.histories);
            CHECK(used.histories == plan.histories);
            CHECK(used.arena <= plan.arena);
            CHECK(plan.arena <= 3 * used.arena + (std::size_t{1} << 20)); // nor is it far from what is needed
        }
}

} // namespace

TEST_CASE("gradients through chunks are those of the whole video", "[tokenizer][streaming]") {
    SECTION("reference, double") { check_chunks<reference::context, double, four_frames>(1e-12, 33); }
    SECTION("reference, float") { check_chunks<reference::context, float, four_frames>(1e-5); }
    SECTION("cpu, float") { check_chunks<cpu::context, float, four_frames>(1e-5); }
    SECTION("cpu, bf16") { check_chunks<cpu::context, bf16, four_frames>(1e-1); }
    SECTION("cpu, float, frame by frame") { check_chunks<cpu::context, float, golden_tokenizer::frame_by_frame>(1e-5); }
}

TEST_CASE("a gradient needs no more memory than its plan says", "[tokenizer][streaming]") {
    check_plan<reference::context, float, four_frames>(1, 17);
    check_plan<cpu::context, float, four_frames>(2, 25);
    check_plan<cpu::context, bf16, four_frames>(1, 25);
}

TEST_CASE("what is left of chunks grows with the root of their number", "[tokenizer][streaming]") {
    const auto plan = [](std::int64_t frames, std::int64_t chunk) {
        return memory_plan(four_frames{}, compute<float>, reconstruction{.chunk = chunk}, {1, frames, 8, 12});
    };
    const auto one = static_cast<double>(plan(5, 1).histories); // of 2 chunks, each network's first
    for (const int root : {3, 5, 10, 20}) {
        const training_memory some = plan(1 + 4 * (root * root - 1), 1);
        CHECK(static_cast<double>(some.histories) <= 2.0 * root * one);
        const auto frames = static_cast<std::size_t>(root * root);
        CHECK(some.arena <= plan(9, 1).arena + frames * 16384); // pixels (three times 4 frames of 8 x 12) and latents
    }
}

TEST_CASE("every chunk passes back once, from the last to the first, with what the one before it left",
          "[tokenizer][streaming]") {
    reference::context ctx;
    for (std::size_t count = 1; count <= 30; ++count) {
        chunk_histories passes(count);
        const auto place = [](const history& of) { return of.at<float, 1>(0).data(); };
        std::size_t runs = 0, left = count;
        const auto check = [&](std::size_t i, const chunk& of) {
            CHECK(of.begins() == (i == 0));
            if (!of.begins()) CHECK(*place(*of.before) == static_cast<float>(i - 1));
        };
        const auto run = [&](std::size_t i, const chunk& of) {
            check(i, of);
            ++runs;
            if (of.after) *of.after->take<float, 1>(ctx, 0, {1, 1, 1, 1}).data() = static_cast<float>(i);
        };
        passes.forward(run);
        CHECK(runs == count);
        passes.backward(run, [&](std::size_t i, const chunk& of) {
            check(i, of);
            CHECK(i == --left);
            CHECK(of.after == nullptr);
            CHECK((of.gradient != nullptr) == (count > 1));
        });
        CHECK(left == 0);
        CHECK(runs <= 2 * count); // forward once more, with the pass back's own three times
    }
}

TEST_CASE("clips and stacks of images in one batch, the clips in chunks", "[tokenizer][streaming]") {
    clips batch = noisy_clips(2, 9);
    batch.is_image = {0, 1};
    reconstruction objective{.latent_pull = 0.7f};
    const auto whole = gradient_of<reference::context, double, four_frames>(objective, batch);
    objective.chunk = 1;
    const auto parts = gradient_of<reference::context, double, four_frames>(objective, batch);
    CHECK(errors_of<tokenizer_network<four_frames>>(parts.gradient, whole.gradient).worst <= 1e-12);
    CHECK(parts.loss == Approx(whole.loss).epsilon(1e-12));
}

TEST_CASE("chunks that cannot be are refused", "[tokenizer][streaming]") {
    const clips batch = noisy_clips(1, 5);
    CHECK_THROWS_WITH((gradient_of<reference::context, float, golden_tokenizer::non_causal>({.chunk = 1}, batch)),
                      Catch::Contains("sees the future"));
    CHECK_THROWS_WITH((gradient_of<reference::context, float, four_frames>({.chunk = -1}, batch)),
                      Catch::Contains("it is -1"));
}
