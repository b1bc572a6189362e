// A denoiser's states: one that walt wrote before optimizers and observers were parts of their own
// (tests/data/state_before.safetensors), and one that goes on with another objective.
#include "catch.hpp"
#include "datasets/temporary_folder.hpp"
#include "watched_stderr.hpp"

#include <walt/diffusion/denoising.hpp>
#include <walt/reference.hpp>
#include <walt/train/adafactor.hpp>
#include <walt/train/checkpoint.hpp>
#include <walt/train/ema.hpp>
#include <walt/train/state.hpp>
#include <walt/train/trainer.hpp>
#include <walt/transformer/denoiser.hpp>

using namespace walt;

namespace {

struct little : denoiser_config {
    static constexpr int frames = 2, height = 2, width = 2, channels = 2, hidden = 8, heads = 1, depth = 2,
                         mlp_hidden = 8, classes = 2;
    static constexpr window spatiotemporal_window{0, 2, 2};
};
const std::filesystem::path before = std::string(WALT_TEST_DATA) + "/state_before.safetensors";
const training options{.rate = {.warmup = 2, .total = 8}, .accumulate = 2, .seed = seed{11}};

} // namespace

TEST_CASE("a run goes on from a state of before") {
    reference::context ctx;
    denoiser model(ctx, little{}, compute<float>, seed{1});
    trainer run(model, denoising{}, adamw{}, options);
    ema average(model);
    load_state(before, run, average);
    CHECK(run.step_count() == 3);
    CHECK(run.updates() == 3);
    CHECK(run.position() == 6);
    CHECK(run.skipped() == 0);
    const safetensors_file file(before);
    CHECK(model.host_masters() == file.read<float>("masters"));
    CHECK(average.model().host_masters() == file.read<float>("average"));

    // Written again, it holds the same.
    const auto again = std::filesystem::temp_directory_path() / "walt_state_again.safetensors";
    save_state(again, run, average);
    const safetensors_file written(again);
    for (const std::string& name : file.names()) CHECK(written.read<float>(name) == file.read<float>(name));
    for (const auto& [key, text] : file.metadata()) CHECK(written.metadata().at(key) == text);
}

TEST_CASE("a state of before is that of AdamW on all parameters, with an average") {
    reference::context ctx;
    denoiser model(ctx, little{}, compute<float>, seed{1});
    ema average(model);
    trainer other(model, denoising{}, adafactor{}, options);
    CHECK_THROWS_WITH(load_state(before, other, average), Catch::Contains("walt.optimizer adamw"));
    training partly = options;
    partly.train = only("final.*");
    trainer part(model, denoising{}, adamw{}, partly);
    CHECK_THROWS_WITH(load_state(before, part, average), Catch::Contains("walt.trained *"));
    trainer without(model, denoising{}, adamw{}, options);
    CHECK_THROWS_WITH(load_state(before, without), Catch::Contains("average, which nothing in this run keeps"));
}

TEST_CASE("a run that goes on with another prediction or schedule says so") {
    reference::context ctx;
    const temporary_folder folder;
    const auto path = folder.path / "state.safetensors";
    denoiser model(ctx, little{}, compute<float>, seed{1});
    const auto said_of = [&](denoising objective) {
        trainer run(model, objective, adamw{}, options);
        if (!std::filesystem::exists(path)) save_state(path, run);
        watched_stderr watched(false);
        load_state(path, run);
        return watched.text();
    };
    CHECK(said_of({}).empty());
    const std::string other = said_of({.predicts = x0_prediction});
    CHECK(other.find("denoising::predicts(500).x0 -0.") != other.npos);
    CHECK(other.find("; it goes on with 1\n") != other.npos);
    CHECK(other.find("schedule") == other.npos);
    const std::string kept = said_of({.schedule = noise_schedule(linear_beta(false))});
    CHECK(kept.find("denoising::schedule(999).signal 0; it goes on with 0.00") != kept.npos);
}
