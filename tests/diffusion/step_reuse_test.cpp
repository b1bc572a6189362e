// Step reuse on every device of the host, and what its memory is.
#include "step_reuse.hpp"

#include <walt/cpu.hpp>
#include <walt/meta.hpp>
#include <walt/reference.hpp>

using namespace walt;

TEMPLATE_TEST_CASE("blocks whose input has barely moved are skipped, and at threshold 0 none", "[diffusion]", double) {
    testing::check_step_reuse<reference::context, TestType>();
}
TEMPLATE_TEST_CASE("cpu: blocks whose input has barely moved are skipped, and at threshold 0 none", "[diffusion]",
                   float, bf16) {
    testing::check_step_reuse<cpu::context, TestType>();
}

TEST_CASE("a block that is skipped adds what it added to another stream") {
    reference::context ctx;
    arena& memory = ctx.arena;
    const arena::scope scope(memory);
    using rows = view<double, dynamic, 2>;
    kept_block<double, 2> block(memory, 1, 2);
    const rows u = memory.take<double, dynamic, 2>(2), h = memory.take<double, dynamic, 2>(2),
               next = memory.take<double, dynamic, 2>(2);
    const auto set = [](rows to, std::vector<double> values) { std::copy(values.begin(), values.end(), to.data()); };
    CHECK(std::isinf(block.change(ctx, u.read())));
    set(u, {3, 0, 0, 4});
    set(h, {1, 2, 3, 4});
    set(next, {2, 2, 5, 3});
    block.keep_input(ctx, u.read());
    block.keep_added(ctx, h, next);
    CHECK(block.change(ctx, u.read()) == 0);
    set(u, {3, 1, 0, 4});
    CHECK(block.change(ctx, u.read()) == Approx(1.0 / 5));
    set(h, {10, 10, 10, 10});
    block.add_again(ctx, h, next);
    CHECK((next(0, 0) == 11 && next(0, 1) == 10 && next(1, 0) == 12 && next(1, 1) == 9));
}

TEST_CASE("the meta device computes every block, and counts the memory that is kept") {
    meta::context plain, reusing;
    const denoiser exact(plain, testing::reusing{}, compute<bf16>), near(reusing, testing::reusing{}, compute<bf16>);
    sample_latents(exact, labels{0, 2}, {.sampler = ddim{.steps = 3}});
    sample_latents(near, labels{0, 2}, {.sampler = ddim{.steps = 3}, .reuse = {.threshold = 0.5f}});
    CHECK(near.context().flops == exact.context().flops);
    const std::size_t numbers = 2 * 2 * 16 * 16 * 3; // samples, frames, tokens, width, blocks
    CHECK(reusing.arena.peak() >= plain.arena.peak() + numbers * (sizeof(bf16) + sizeof(float)));
}

TEST_CASE("a threshold that is no number, or below zero, is refused") {
    testing::reuse_scene<reference::context, double> s;
    testing::decisions made;
    CHECK_THROWS_WITH(s.sampled({.sampler = ddim{.steps = 2}}, -0.5f, made),
                      Catch::Contains("must be 0 or more; it is -0.5"));
    CHECK_THROWS_WITH(s.sampled({.sampler = ddim{.steps = 2}}, std::nanf(""), made),
                      Catch::Contains("must be 0 or more; it is nan"));
}
