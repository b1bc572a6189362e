// A sink hears of each block when its gradients are complete, and not before.
#include "../listening_sink.hpp"
#include "streams.hpp"

#include <walt/reference.hpp>
#include <walt/tokenizer/reconstruction.hpp>
#include <walt/train/objective.hpp>

#include <algorithm>
#include <string>

using namespace walt;
using namespace walt::testing;

namespace {

using network = tokenizer_network<four_frames>;

/// The block of a parameter: as network.hpp counts; -1 for what belongs to none.
int block_of(const std::string& name) {
    constexpr int levels = network::dims::levels;
    const auto in = [&](const std::string& part) { return name.rfind(part, 0) == 0; };
    if (in("encoder.mid.")) return levels;
    if (in("decoder.mid.")) return levels + 1;
    for (int level = 0; level < levels; ++level) {
        if (in("encoder.levels." + std::to_string(level) + ".")) return level;
        if (in("decoder.levels." + std::to_string(level) + ".")) return 2 * levels + 1 - level;
    }
    return -1;
}

void check(const reconstruction& objective, const clips& batch, bool one_pass) {
    reference::context ctx;
    const auto tokens = made_tokenizer<double, four_frames>(ctx);
    std::vector<double> gradient(tokens.extent);
    std::vector<listening::call> calls;
    const arena::scope scope(ctx.arena);
    objective(tokens, batch, listening{{gradient.data()}, tokens.extent, &calls}, philox{7, 3},
              ctx.arena.take<double, 1>());

    constexpr int blocks = 2 * network::dims::levels + 2;
    REQUIRE(calls.size() == blocks);
    for (int i = 0; i < blocks; ++i) {
        const listening::call& now = calls[static_cast<std::size_t>(i)];
        CHECK(now.part == blocks - 1 - i);
        for (const parameter_row& row : parameter_table<network>()) {
            const int block = block_of(row.name);
            if (block < 0 || !row.trainable()) continue;
            const auto begin = now.seen.begin() + static_cast<std::ptrdiff_t>(row.offset),
                       end = begin + static_cast<std::ptrdiff_t>(row.size);
            INFO(row.name << " at ready(" << now.part << ")");
            if (block >= now.part)
                CHECK(std::equal(begin, end, gradient.begin() + static_cast<std::ptrdiff_t>(row.offset)));
            else if (one_pass) CHECK(std::all_of(begin, end, [](double x) { return x == 0; })); // still to come
            CHECK(std::any_of(gradient.begin() + static_cast<std::ptrdiff_t>(row.offset),
                              gradient.begin() + static_cast<std::ptrdiff_t>(row.offset + row.size),
                              [](double x) { return x != 0; }));
        }
    }
}

} // namespace

TEST_CASE("a sink hears of the tokenizer's blocks, from the last to the first", "[tokenizer]") {
    clips batch = noisy_clips(2, 9);
    const reconstruction whole{.latent_pull = 0.7f};
    check(whole, batch, true);
    check({.latent_pull = 0.7f, .keep = activations::rematerialise}, batch, true);
    check({.latent_pull = 0.7f, .chunk = 1}, batch, false);
    batch.is_image = {0, 1};
    check(whole, batch, false);
    check({.latent_pull = 0.7f, .chunk = 1}, batch, false);
}
