// A run and those who watch it: order, stopping, state of one's own, exceptions, the source's threads.
#include "catch.hpp"
#include "regression.hpp"

#include <walt/ops/cpu/optimizer.hpp>
#include <walt/ops/cpu/pointwise.hpp>
#include <walt/ops/reference/optimizer.hpp>
#include <walt/ops/reference/pointwise.hpp>
#include <walt/train/early_stop.hpp>
#include <walt/train/ema.hpp>
#include <walt/train/plot_every.hpp>
#include <walt/train/save_to.hpp>
#include <walt/train/validation.hpp>

#include <atomic>
#include <fstream>
#include <thread>

using namespace walt;
using namespace walt::testing;

namespace {

using model_type = regressor<reference::context, double>;
const auto source = [](std::int64_t n) { return rows_of(n); };

std::filesystem::path fresh_folder(const char* name) {
    const auto folder = std::filesystem::temp_directory_path() / (std::string("walt_observers_") + name);
    std::filesystem::remove_all(folder);
    return folder;
}

/// Everything that an observer may have; writes down what it is asked.
struct diary {
    std::string* page;
    std::int64_t seen = 0;
    void resume(auto&) { *page += "resume "; }
    void begin(auto& run) { *page += fmt::format("begin({}) ", run.until().count); }
    void on_step(auto& trainer, const step_result&) { *page += fmt::format("step{} ", trainer.step_count()), ++seen; }
    void after_step(auto&) { *page += "after "; }
    verdict word(auto&) { return *page += "? ", go_on; }
    void end(auto&) { *page += "end "; }
    void each_state(auto&& visit) { visit("diary.seen", seen); }
};

/// A description whose begin returns what watches; that lives until the run ends.
struct watched {
    std::string* page;
    struct watch {
        std::string* page;
        explicit watch(std::string* on) : page(on) {}
        watch(const watch&) = delete;
        ~watch() { *page += "gone "; }
        void on_step(auto&, const step_result&) { *page += "watched "; }
    };
    watch begin(auto&) const { return watch(page); }
};

} // namespace

TEST_CASE("a run without a folder asks its observers in their order, and what begin returned goes with the run") {
    reference::context ctx;
    model_type model(ctx, seed{5});
    trainer run(model, squared_error{});
    std::string page;
    const auto word = [&](auto&, const step_result&) { page += "lambda "; };
    CHECK(run.run(source, steps{2}, diary{&page}, watched{&page}, word));
    CHECK(page == "resume begin(2) ? step1 watched lambda after ? step2 watched lambda after ? end ? gone ");
    page.clear();
    CHECK(run.run(source, steps{2}, diary{&page})); // nothing is left to do
    CHECK(page == "resume begin(2) ? end ? ");
    page.clear();
    CHECK_THROWS_WITH(run.run(source, steps{9}, watched{&page}, [](auto&, const step_result&) { fail("enough"); }),
                      Catch::Contains("enough"));
    CHECK(page == "watched gone ");
}

TEST_CASE("an observer stops a run, after all of them have seen the step") {
    reference::context ctx;
    model_type model(ctx, seed{5});
    trainer run(model, squared_error{});
    int seen = 0;
    const auto until_three = [](auto& of, const step_result&) { return of.step_count() == 3 ? stop : go_on; };
    CHECK_FALSE(run.run(source, steps{10}, until_three, [&](auto&, const step_result&) { ++seen; }));
    CHECK(run.step_count() == 3);
    CHECK(seen == 3);
}

TEST_CASE("early_stop looks at means of windows") {
    reference::context ctx;
    model_type model(ctx, seed{5});
    const auto losses = [](auto&, const double& told, auto, philox, auto loss) { loss(0) = told; };
    trainer run(model, losses);
    const double told[] = {9, 5, 4, 4, 6, 1, 9, 2, 4, 4, 3, 3, 1, 1};
    const auto given = [&](std::int64_t n) { return told[n]; };
    CHECK_FALSE(run.run(given, steps{14}, early_stop({.window = 2, .windows = 2})));
    CHECK(run.step_count() == 10); // means 7, 4, 3.5 and then 5.5 and 4, which are no better
}

TEST_CASE("a run that early_stop has ended is still ended when it is started again") {
    reference::context ctx;
    const auto folder = fresh_folder("ended");
    for (int start = 0; start < 3; ++start) {
        model_type model(ctx, seed{5});
        trainer run(model, [](auto&, const int&, auto, philox, auto loss) { loss(0) = 1; });
        CHECK_FALSE(run.run([](std::int64_t) { return 0; }, steps{20}, save_to{folder},
                            early_stop({.window = 2, .windows = 3})));
        CHECK(run.step_count() == 8); // a first mean, and three that are no better
    }
}

TEST_CASE("what an observer names is kept with the run") {
    reference::context ctx;
    const auto folder = fresh_folder("kept");
    std::string page;
    for (const std::int64_t until : {2, 5}) {
        model_type model(ctx, seed{5});
        trainer run(model, squared_error{});
        diary kept{&page};
        CHECK(run.run(source, steps{until}, checkpoints{folder, 1}, kept));
        CHECK(kept.seen == until);
    }
}

TEST_CASE("what source or objective throws leaves the trainer as it was") {
    const auto unharmed = [](auto ctx_type, bool in_objective) {
        using context = typename decltype(ctx_type)::type;
        context ctx;
        regressor<context, float> calm(ctx, seed{5}), shaken(ctx, seed{5});
        const auto fails_once = [thrown = false](auto& m, const rows& batch, auto g, philox random, auto loss) mutable {
            squared_error{0.1}(m, batch, g, random, loss); // the gradient is there when it throws
            if (batch.x == rows_of(3).x && !std::exchange(thrown, true)) fail("no");
        };
        int asked = 0;
        const auto bad_source = [&](std::int64_t n) {
            require(in_objective || n != 3 || asked++ > 0, "no");
            return rows_of(n);
        };
        const training both{.accumulate = 2};
        trainer one(calm, squared_error{0.1}, adamw{}, both);
        const auto steady = squared_error{0.1};
        const auto compare = [&](auto& other) {
            one.step(source), other.step(bad_source);
            CHECK_THROWS_WITH(other.step(bad_source), Catch::Contains("no")); // micro-batches 2 and 3
            CHECK(other.position() == 2);
            CHECK(other.step_count() == 1);
            one.step(source), other.step(bad_source);
            CHECK(other.position() == 4);
            CHECK(shaken.host_masters() == calm.host_masters());
        };
        if (in_objective) {
            trainer other(shaken, fails_once, adamw{}, both);
            compare(other);
        } else {
            trainer other(shaken, steady, adamw{}, both);
            compare(other);
        }
    };
    for (const bool in_objective : {false, true}) {
        unharmed(std::type_identity<reference::context>{}, in_objective);
        unharmed(std::type_identity<cpu::context>{}, in_objective);
    }
}

TEST_CASE("a run whose source throws can be run again, and ends as one that never failed") {
    reference::context ctx;
    model_type calm(ctx, seed{5}), shaken(ctx, seed{5});
    trainer one(calm, squared_error{}), other(shaken, squared_error{});
    std::atomic<int> asked = 0;
    const auto bad = [&](std::int64_t n) {
        require(n != 4 || asked++ > 0, "no batch {}", n);
        return rows_of(n);
    };
    REQUIRE(one.run(source, steps{8}));
    CHECK_THROWS_WITH(other.run(bad, steps{8}), Catch::Contains("no batch 4"));
    CHECK(other.position() == 4);
    CHECK(other.run(bad, steps{8}));
    CHECK(shaken.host_masters() == calm.host_masters());
}

TEST_CASE("how far a source is ahead, and in which threads, is the run's to say") {
    reference::context ctx;
    std::vector<std::vector<double>> masters;
    const auto here = std::this_thread::get_id();
    for (const prefetching how :
         {prefetching{.ahead = 0}, prefetching{.ahead = 1}, prefetching{.ahead = 7, .threads = 3}}) {
        model_type model(ctx, seed{5});
        trainer run(model, squared_error{}, adamw{}, training{.prefetch = how});
        std::atomic<std::int64_t> in_this_thread = 0, asked = 0;
        const auto counted = [&](std::int64_t n) {
            in_this_thread += std::this_thread::get_id() == here;
            asked = std::max<std::int64_t>(asked, n + 1);
            return rows_of(n);
        };
        CHECK(run.run(counted, steps{4}));
        CHECK(in_this_thread == (how.ahead == 0 ? 4 : 0));
        CHECK(asked <= 4 + how.ahead);
        masters.push_back(model.host_masters());
    }
    CHECK(masters[0] == masters[1]);
    CHECK(masters[0] == masters[2]);
}

TEST_CASE("validation measures every so many steps and at the end, the average of the same step") {
    reference::context ctx;
    model_type model(ctx, seed{5});
    trainer run(model, squared_error{});
    ema average(model);
    validation kept(2, [&] { return average.model().host_masters(); });
    std::vector<std::vector<double>> after;
    CHECK(run.run(source, steps{5}, kept, average,
                  [&](auto&, const step_result&) { after.push_back(average.model().host_masters()); }));
    REQUIRE(kept.found().size() == 3);
    for (const auto& [step, masters] : kept.found()) CHECK(masters == after[static_cast<std::size_t>(step - 1)]);
    CHECK(kept.found().back().step == 5);
    CHECK_THROWS_WITH(validation(0, [] { return 1; }), Catch::Contains("every"));
}

TEST_CASE("plot_every draws what is logged") {
    reference::context ctx;
    const auto folder = fresh_folder("plot");
    model_type model(ctx, seed{5});
    trainer run(model, squared_error{});
    std::vector<bool> drawn;
    const auto look = [&](auto&, const step_result&) { drawn.push_back(std::filesystem::exists(folder / "loss.svg")); };
    CHECK(run.run(source, steps{3}, plot_every{2, folder, "a run"}, csv_log{folder / "log.csv"}, look));
    CHECK(drawn == std::vector{false, false, true});
    CHECK(curve_of(folder / "log.csv", "loss").points.size() == 3);
}

TEST_CASE("a column of a table is a curve, with its steps, averaged over a hundredth") {
    const auto folder = fresh_folder("curve");
    std::filesystem::create_directories(folder);
    std::ofstream table(folder / "terms.csv");
    table << "step,loss,real\r\n";
    for (int step = 1; step <= 200; ++step) table << step << ',' << 7 << ',' << step * 0.5 << '\n';
    table << "201,7"; // cut short
    table.close();
    const curve real = curve_of(folder / "terms.csv", "real");
    CHECK(real.name == "real");
    REQUIRE(real.points.size() == 100);
    CHECK(real.points.front() == std::pair(2.0, 0.75));
    CHECK(real.points.back() == std::pair(200.0, 99.75));
    CHECK_THROWS_WITH(curve_of(folder / "terms.csv", "fake"),
                      Catch::Contains("no column 'fake'; it has step,loss,real"));
    CHECK_THROWS_WITH(curve_of(folder / "none.csv", "loss"), Catch::Contains("there is no such file"));
}

TEST_CASE("only a part of a model is trained: nothing is kept for the rest, and it does not move") {
    reference::context ctx;
    model_type whole(ctx, seed{5}), part(ctx, seed{5});
    trainer all(whole, squared_error{}), bias(part, squared_error{}, adamw{}, training{.train = only("b*s")});
    ema average(part);
    const auto before = part.host_masters();
    const auto size = [](auto& of, std::string_view wanted) {
        std::int64_t found = -1;
        of.each_state([&](std::string_view name, auto&& state) {
            if constexpr (requires { state.size(); })
                if (name == wanted) found = state.size();
        });
        return found;
    };
    CHECK(size(all, "first_moment") == 192); // 15, 5 and 7 elements, each rounded up to a block
    CHECK(size(bias, "first_moment") == 64);
    for (int i = 0; i < 3; ++i) average.on_step(bias, bias.step(source));
    const auto& net = part.network();
    const auto after = part.host_masters(), mean = average.model().host_masters();
    for (std::size_t i = 0; i < part.extent; ++i) {
        CAPTURE(i);
        const bool trained = i >= net.bias.offset.all && i < net.bias.offset.all + 5;
        CHECK((after[i] != before[i]) == trained);
        CHECK((mean[i] != before[i]) == trained);
    }
    // The first step's gradient of the bias is the same, and so is its update where nothing is clipped.
    model_type again(ctx, seed{5});
    const training loose{.rate = {.warmup = 0, .total = 5}, .clip = 1e9f};
    trainer both(whole, squared_error{}, adamw{}, loose);
    whole.assign(before);
    both.step(source);
    training partly = loose;
    partly.train = only("bias");
    trainer alone(again, squared_error{}, adamw{}, partly);
    alone.step(source);
    for (std::size_t i = net.bias.offset.all; i < net.bias.offset.all + 5; ++i)
        CHECK(again.host_masters()[i] == whole.host_masters()[i]);
}
