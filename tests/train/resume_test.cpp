// Runs: resuming bit for bit, interruption, the log, and the states that are refused.
#include "../watched_stderr.hpp"
#include "catch.hpp"
#include "regression.hpp"

#include <walt/ops/cpu/adafactor.hpp>
#include <walt/ops/cpu/optimizer.hpp>
#include <walt/ops/cpu/pointwise.hpp>
#include <walt/ops/reference/adafactor.hpp>
#include <walt/ops/reference/optimizer.hpp>
#include <walt/ops/reference/pointwise.hpp>
#include <walt/train/adafactor.hpp>
#include <walt/train/checkpoint.hpp>
#include <walt/train/early_stop.hpp>
#include <walt/train/ema.hpp>
#include <walt/train/save_to.hpp>

#include <csignal>
#include <fstream>
#include <limits>
#include <map>
#include <sstream>

#include <sys/resource.h>

using namespace walt;
using namespace walt::testing;

namespace {

std::filesystem::path fresh_folder(const char* name) {
    const auto folder = std::filesystem::temp_directory_path() / (std::string("walt_resume_") + name);
    std::filesystem::remove_all(folder);
    return folder;
}
std::string bytes_of(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// Micro-batch 3 is poisoned: a run that is resumed must remember that it skipped a step.
rows source(std::int64_t n) {
    rows batch = rows_of(n);
    if (n == 3) batch.y[0] = std::numeric_limits<double>::quiet_NaN();
    return batch;
}
training options(int accumulate, only train = {}) {
    return {.rate = {.warmup = 2, .total = 8}, .train = std::move(train), .accumulate = accumulate, .seed = seed{11}};
}

template <class Context, class T, class Optimizer>
void resumes(int accumulate, const Optimizer& optimizer, const only& train = {}) {
    Context ctx;
    const auto whole = fresh_folder("whole"), parts = fresh_folder("parts");
    regressor<Context, T> at_once(ctx, seed{5});
    trainer long_run(at_once, squared_error{0.3}, optimizer, options(accumulate, train));
    ema long_average(at_once);
    CHECK(long_run.run(source, steps{8}, long_average, early_stop({.window = 3}), save_to{whole}));
    for (const std::int64_t until : {4, 8}) {
        regressor<Context, T> model(ctx, seed{static_cast<std::uint64_t>(until)});
        if (until == 4) model.assign(regressor<Context, T>(ctx, seed{5}).host_masters());
        trainer run(model, squared_error{0.3}, optimizer, options(accumulate, train));
        ema average(model);
        // A checkpoint holds what all observers have seen, whichever comes first.
        CHECK(run.run(source, steps{until}, save_to{parts}, average, early_stop({.window = 3})));
        CHECK(run.skipped() == 1);
        if (until == 8) {
            CHECK(model.host_masters() == at_once.host_masters());
            CHECK(average.model().host_masters() == long_average.model().host_masters());
            CHECK(average.model().host_masters() != model.host_masters());
            for (std::size_t i = 0; i < model.extent; ++i) {
                CHECK(model.copies().data()[i] == at_once.copies().data()[i]);
                CHECK(average.model().copies().data()[i] == long_average.model().copies().data()[i]);
            }
        }
    }
    const auto tensors = [](const std::filesystem::path& folder) { // the order of observers is that of the file
        std::map<std::string, std::vector<double>> read;
        const safetensors_file file(folder / "state.safetensors");
        for (const std::string& name : file.names()) read[name] = file.read<double>(name);
        return std::pair(read, file.metadata());
    };
    CHECK(tensors(whole) == tensors(parts));
}

} // namespace

TEST_CASE("a state gives its weights, and an average's") {
    reference::context ctx;
    const auto folder = fresh_folder("export");
    regressor<reference::context, float> model(ctx, seed{5});
    trainer run(model, squared_error{0.3}, adamw{}, options(1));
    ema average(model);
    CHECK(run.run(source, steps{6}, average, save_to{folder}));
    regressor<reference::context, float> other(ctx, seed{6});
    load_state_weights(folder / "state.safetensors", other);
    CHECK(other.host_masters() == model.host_masters());
    load_state_weights(folder / "state.safetensors", other, "average");
    CHECK(other.host_masters() == average.model().host_masters());
    CHECK(other.host_masters() != model.host_masters());
    CHECK_THROWS_AS(load_state_weights(folder / "state.safetensors", other, "mean"), error);
}

TEST_CASE("N steps, a new process and N more are 2N steps, bit for bit") {
    const int accumulate = GENERATE(1, 2);
    CAPTURE(accumulate);
    resumes<reference::context, float>(accumulate, adamw{});
    resumes<reference::context, double>(accumulate, adamw{});
    resumes<reference::context, bf16>(accumulate, adamw{});
    resumes<cpu::context, float>(accumulate, adamw{});
    resumes<cpu::context, bf16>(accumulate, adamw{});
}

TEST_CASE("the same with another optimizer, and with a part of the model") {
    resumes<reference::context, bf16>(2, adafactor{});
    resumes<cpu::context, float>(1, adafactor::big_vision());
    resumes<cpu::context, bf16>(1, adafactor::big_vision(), only("bias"));
    resumes<cpu::context, bf16>(2, adamw{}, only("weight"));
}

TEST_CASE("an interrupted run saves, says so, and goes on") {
    cpu::context ctx;
    const auto whole = fresh_folder("undisturbed"), parts = fresh_folder("interrupted");
    regressor<cpu::context, float> one(ctx, seed{5}), two(ctx, seed{5});
    trainer calm(one, squared_error{0.3}, adamw{}, options(1)), disturbed(two, squared_error{0.3}, adamw{}, options(1));
    CHECK(calm.run(source, steps{8}, save_to{whole}));
    const int signal = GENERATE(SIGINT, SIGTERM);
    CHECK_FALSE(disturbed.run(source, steps{8}, save_to{parts}, [&](auto& run, const step_result&) {
        if (run.step_count() == 5) std::raise(signal);
    }));
    CHECK(disturbed.step_count() == 5);
    CHECK(disturbed.run(source, steps{8}, save_to{parts}));
    CHECK(bytes_of(whole / "state.safetensors") == bytes_of(parts / "state.safetensors"));
}

TEST_CASE("the log has one line a step, across resumes") {
    cpu::context ctx;
    const auto folder = fresh_folder("log");
    for (const std::int64_t until : {3, 5}) {
        regressor<cpu::context, float> model(ctx, seed{5});
        trainer run(model, squared_error{}, adamw{}, options(1));
        CHECK(run.run(source, steps{until}, save_to{folder}));
    }
    std::istringstream log(bytes_of(folder / "log.csv"));
    std::string line;
    std::getline(log, line);
    CHECK(line == "step,loss,gradient_norm,learning_rate,seconds");
    int count = 0;
    while (std::getline(log, line)) CHECK(line.rfind(std::to_string(++count) + ",", 0) == 0);
    CHECK(count == 5);
}

TEST_CASE("a run that died since its last checkpoint does not log steps twice") {
    cpu::context ctx;
    const auto folder = fresh_folder("died");
    {
        regressor<cpu::context, float> model(ctx, seed{5});
        trainer run(model, squared_error{}, adamw{}, options(1));
        CHECK_THROWS_WITH(run.run(source, steps{8}, save_to{folder, 2},
                                  [](auto& r, const step_result&) {
                                      require(r.step_count() < 5, "power cut"); // the state on disk is that of step 4
                                  }),
                          Catch::Contains("power cut"));
    }
    regressor<cpu::context, float> model(ctx, seed{5});
    trainer run(model, squared_error{}, adamw{}, options(1));
    CHECK(run.run(source, steps{6}, save_to{folder, 2}));
    std::istringstream log(bytes_of(folder / "log.csv"));
    std::string line;
    int count = -1;
    while (std::getline(log, line)) ++count;
    CHECK(count == 6);
}

TEST_CASE("a state that does not fit is refused, and the run stays as it was") {
    cpu::context ctx;
    const auto folder = fresh_folder("refused");
    std::filesystem::create_directories(folder);
    const auto path = folder / "state.safetensors";
    regressor<cpu::context, float> model(ctx, seed{5});
    trainer run(model, squared_error{0.3}, adamw{}, options(1));
    ema average(model);
    average.on_step(run, run.step(source));
    save_state(path, run, average);
    const std::string good = bytes_of(path);
    const auto refused = [&](const char* why) {
        regressor<cpu::context, float> fresh(ctx, seed{6});
        const auto before = fresh.host_masters();
        trainer onto(fresh, squared_error{0.3}, adamw{}, options(1));
        ema other(fresh);
        CHECK_THROWS_WITH(load_state(path, onto, other), Catch::Contains(why));
        CHECK(fresh.host_masters() == before);
        CHECK(other.model().host_masters() == before);
        CHECK(onto.step_count() == 0);
    };
    const auto write = [&](const std::string& bytes) {
        std::ofstream(path, std::ios::binary | std::ios::trunc)
            .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    };
    const auto replaced = [&](const std::string& from, const std::string& to) {
        std::string bytes = good;
        const auto at = bytes.find(from);
        REQUIRE(at != std::string::npos);
        REQUIRE(from.size() == to.size());
        return bytes.replace(at, from.size(), to);
    };
    write(replaced("\"walt.step\":\"1\"", "\"walt.step\":\"x\""));
    refused("walt.step");
    write(replaced("\"walt.step\":\"1\"", "\"walt.stop\":\"1\""));
    refused("walt.step");
    write(replaced("\"second_moment\"", "\"second_monent\""));
    refused("second_moment");
    write(good.substr(0, good.size() - 4));
    refused("bytes");
    write(replaced("\\\"version\\\":1", "\\\"version\\\":7"));
    refused("version is 7 in the file and 1 in the model");

    write(good);
    const auto onto = [&](auto&& optimizer, training how, const char* why) {
        regressor<cpu::context, float> fresh(ctx, seed{6});
        trainer other(fresh, squared_error{0.3}, optimizer, std::move(how));
        ema its(fresh);
        CHECK_THROWS_WITH(load_state(path, other, its), Catch::Contains(why));
    };
    training seeded = options(1);
    seeded.seed = seed{12};
    onto(adamw{}, seeded, "is of a run with walt.seed 11; this run has 12");
    onto(adafactor{}, options(1), "is of a run with walt.optimizer adamw; this run has adafactor");
    onto(adamw{}, options(1, only("bias")), "is of a run with walt.trained *; this run has bias");
    CHECK_THROWS_WITH(load_state(path, run), Catch::Contains("has average, which nothing in this run keeps"));
    ema second(model, {.name = "second"});
    CHECK_THROWS_WITH(load_state(path, run, average, second), Catch::Contains("has no tensor second"));

    regressor<cpu::context, float, 2> another(ctx, seed{5});
    trainer of_another(another, squared_error{0.3}, adamw{}, options(1));
    CHECK_THROWS_WITH(load_state(path, of_another), Catch::Contains("version is 1 in the file and 2 in the model"));
}

TEST_CASE("a state is of the weights between steps: no waiting micro-batch is lost with it, nor mixed into another") {
    cpu::context ctx;
    const auto path = fresh_folder("waiting") / "state.safetensors";
    std::filesystem::create_directories(path.parent_path());
    regressor<cpu::context, float> model(ctx, seed{5}), calm(ctx, seed{5});
    const auto whole = [](std::int64_t n) { return rows_of(n); };
    trainer run(model, squared_error{}, adamw{}, options(2)), other(calm, squared_error{}, adamw{}, options(2));
    run.step(whole), other.step(whole);
    save_state(path, run);
    run.add(rows_of(77));
    CHECK_THROWS_WITH(save_state(path, run),
                      Catch::Contains("a state is saved between steps, and 1 micro-batches wait"));
    CHECK((run.added() == 1 && run.position() == 3)); // as it was
    load_state(path, run);
    CHECK((run.added() == 0 && run.position() == 2));
    run.step(whole), other.step(whole);
    CHECK(model.host_masters() == calm.host_masters());
}

TEST_CASE("a run is told of steps without a learning rate, and of a folder that has more steps than it") {
    cpu::context ctx;
    const auto folder = fresh_folder("notes");
    regressor<cpu::context, float> model(ctx, seed{5});
    const auto said = [&](const warmup_cosine& rate, std::int64_t until, const std::filesystem::path& where) {
        trainer run(model, squared_error{}, adamw{}, training{.rate = rate});
        watched_stderr watched(false);
        CHECK(run.run([](std::int64_t n) { return rows_of(n); }, steps{until}, save_to{where}));
        return watched.text();
    };
    const warmup_cosine rate{.warmup = 2, .total = 4};
    CHECK(said(rate, 4, folder / "whole").empty());
    CHECK(said(rate, 6, folder / "long") ==
          "walt: steps 5 to 6 have a learning rate of 0: warmup_cosine::total is 4, and its floor 0\n");
    CHECK(said(rate, 6, folder / "long").empty()); // all is done
    CHECK(said({.warmup = 2, .total = 4, .floor = 0.1f}, 6, folder / "constant").empty());
    CHECK(said(rate, 3, folder / "long") == fmt::format("walt: {} is of step 6, and 3 are asked for: no step is done\n",
                                                        (folder / "long" / "state.safetensors").string()));
    for (const warmup_cosine& of : {warmup_cosine{.warmup = 3, .total = 0}, {.warmup = 0, .total = 5}, rate}) {
        const std::int64_t felt = of.with_a_rate(20);
        CHECK((of.share(felt - 1) > 0 && of.share(felt) == 0 && of.with_a_rate(felt) == felt));
    }
}

TEST_CASE("two parts of a run that have one name in its state are refused before the first step") {
    cpu::context ctx;
    const auto folder = fresh_folder("names");
    regressor<cpu::context, float> model(ctx, seed{5});
    trainer run(model, squared_error{}, adamw{}, options(1));
    ema slow(model), fast(model, {.decay = 0.5f}), masters(model, {.name = "masters"});
    early_stop soon({.window = 1}), late({.window = 9});
    const auto refused = [&](const char* name, auto&... observers) {
        const std::string why = std::string("two parts of this run are called ") + name;
        CHECK_THROWS_WITH(run.run(source, steps{2}, observers..., save_to{folder}), Catch::StartsWith(why));
        CHECK_THROWS_WITH(save_state(folder / "own.safetensors", run, observers...), Catch::StartsWith(why));
        CHECK(run.step_count() == 0);
    };
    refused("average", slow, fast);
    refused("masters", masters);
    refused("early_stop.sum", soon, late);
    REQUIRE(run.run(source, steps{2}, slow, soon, save_to{folder}));
}

TEST_CASE("a save that fails leaves the old file") {
    cpu::context ctx;
    const auto folder = fresh_folder("failed_save");
    std::filesystem::create_directories(folder);
    const auto path = folder / "weights.safetensors";
    regressor<cpu::context, float> one(ctx, seed{5}), two(ctx, seed{6});
    save_weights<float>(path, one);
    const std::string before = bytes_of(path);
    { // files of a hundred bytes: the disk is full
        const auto ignored = std::signal(SIGXFSZ, SIG_IGN);
        rlimit limit{};
        getrlimit(RLIMIT_FSIZE, &limit);
        const rlimit little{100, limit.rlim_max};
        setrlimit(RLIMIT_FSIZE, &little);
        CHECK_THROWS_WITH(save_weights<float>(path, two), Catch::Contains("could not be written"));
        setrlimit(RLIMIT_FSIZE, &limit);
        std::signal(SIGXFSZ, ignored);
    }
    CHECK(bytes_of(path) == before);
    CHECK(std::distance(std::filesystem::directory_iterator(folder), {}) == 1); // nothing is left
    save_weights<float>(path, two);
    CHECK(bytes_of(path) != before);
}

TEST_CASE("a config nested without end is refused with a sentence") {
    cpu::context ctx;
    const auto folder = fresh_folder("nested");
    std::filesystem::create_directories(folder);
    const auto path = folder / "weights.safetensors";
    regressor<cpu::context, float> model(ctx, seed{5});
    safetensors_writer file;
    const int deep = 900'000;
    file.metadata("walt.config", "{\"depth\":" + std::string(deep, '[') + std::string(deep, ']') + "}");
    file.save(path);
    CHECK_THROWS_AS(load_weights(path, model), error);
}

TEST_CASE("options that cannot work are refused") {
    cpu::context ctx;
    regressor<cpu::context, float> model(ctx, seed{5});
    CHECK_THROWS_WITH((trainer{model, squared_error{}, adamw{}, training{.accumulate = 0}}),
                      Catch::Contains("accumulate"));
    CHECK_THROWS_WITH((trainer{model, squared_error{}, adamw{}, training{.clip = 0}}), Catch::Contains("clip"));
    trainer run(model, squared_error{}, adamw{}, options(1));
    CHECK_THROWS_WITH(run.run(source, steps{2}, save_to{fresh_folder("never"), 0}), Catch::Contains("every"));
    CHECK_THROWS_WITH(run.run(source, steps{-3}, save_to{fresh_folder("negative")}),
                      Catch::Contains("steps::count must be 0 or more; it is -3"));
    CHECK_FALSE(std::filesystem::exists(std::filesystem::temp_directory_path() / "walt_resume_negative"));
    CHECK_THROWS_WITH((trainer{model, squared_error{}, adamw{}, options(1, only("weight", "wieght"))}),
                      Catch::Contains("wieght, which is no trainable parameter") &&
                          Catch::Contains("nearest is weight"));
}
