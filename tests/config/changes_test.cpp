// What a config changes of its base, and that a run says it.
#include "../catch.hpp"
#include "../train/regression.hpp"
#include "../watched_stderr.hpp"

#include <walt/config/changes.hpp>
#include <walt/config/demo.hpp>
#include <walt/critic/config.hpp>
#include <walt/meta.hpp>
#include <walt/ops/meta/optimizer.hpp>
#include <walt/train/progress_line.hpp>
#include <walt/train/trainer.hpp>
#include <walt/transformer/denoiser.hpp>

using namespace walt;

namespace {

// [misspelt]
struct mistaken : walt::denoiser_config {
    static constexpr int hiden = 256, heads = 4, depth = 8; // hidden is meant
};
// [/misspelt]

struct wide : denoiser_config {
    static constexpr int hidden = 512, width = 32, numbers = 3;
    static constexpr bool qk_norm = false;
    static constexpr attention_pattern pattern = attention_pattern::full;
};
struct both_ways : presets::demo_tokenizer {
    static constexpr bool causal = false;
};
struct shallow : critic_config {
    static constexpr std::array<int, 2> multipliers{2, 4};
};

} // namespace

TEST_CASE("a misspelt field is missed among what a config changes") {
    // [changes]
    CHECK(config_changes<mistaken>() == "heads 4 (base 16), depth 8 (base 24)");
    // [/changes]
    CHECK(config_changes<denoiser_config>().empty());
    CHECK(config_changes<presets::walt_tokenizer>().empty());
}

TEST_CASE("fields of every kind, and what follows from them") {
    CHECK(config_changes<wide>() ==
          "width 32 (base 16), hidden 512 (base 1024), mlp_hidden 2048 (base 4096), st_window [16, 32] (base [8, 8]), "
          "s_window [16, 32] (base [16, 16]), pattern full (base alternating), qk_norm false (base true), "
          "numbers 3 (base its default)");
    CHECK(config_changes<both_ways>() ==
          "channels 16 (base 128), multipliers [1, 2, 4, 4] (base [1, 2, 2, 4]), blocks 1 (base 4), "
          "norm_groups 4 (base 32), causal false (base its default)");
    CHECK(config_changes<shallow>() == "multipliers [2, 4] (base [2, 4, 4, 4, 4])");
}

TEST_CASE("of another base") {
    CHECK(config_changes<presets::demo_frames, presets::demo>() == "frame_prediction true (base false)");
    CHECK(config_changes<presets::demo_tokenizer, both_ways>() == "causal its default (base false)");
}

TEST_CASE("a run with a progress line says it once, at its beginning") {
    const auto nothing = [](auto&, int, auto, philox, auto) {};
    const auto source = [](std::int64_t) { return 0; };
    meta::context ctx;
    const auto said = [&](auto& model) {
        watched_stderr watched(false);
        trainer run(model, nothing);
        CHECK(run.run(source, steps{0}, progress_line{}));
        return watched.text();
    };
    denoiser of_config(ctx, mistaken{}, compute<float>);
    CHECK(said(of_config) ==
          "walt: the model's config is walt::denoiser_config with heads 4 (base 16), depth 8 (base 24)\n");
    denoiser as_it_is(ctx, denoiser_config{}, compute<float>);
    CHECK(said(as_it_is) == "walt: the model's config is walt::denoiser_config with nothing changed\n");
    testing::regressor<meta::context, float> without(ctx, seed{1});
    CHECK(said(without).empty());
}
