// How runs end: by signals, by what is thrown, beside others in their folder.
#include "../catch.hpp"
#include "../datasets/temporary_folder.hpp"
#include "regression.hpp"

#include <walt/ops/reference/optimizer.hpp>
#include <walt/ops/reference/pointwise.hpp>
#include <walt/reference.hpp>
#include <walt/train/ema.hpp>
#include <walt/train/save_to.hpp>

#include <chrono>
#include <csignal>
#include <limits>
#include <stdexcept>
#include <thread>

using namespace walt;
using namespace walt::testing;

namespace {
/// An observer that counts how often a run ended and failed.
struct counts {
    int *ended, *told;
    void on_step(auto&, const step_result&) const {}
    void end(auto&) const { ++*ended; }
    void failed(auto&) const { ++*told; }
};
struct spoils_the_end {
    void on_step(auto&, const step_result&) const {}
    void end(auto&) const { fail("no folder has that name"); }
};
struct raises_at_the_end {
    void end(auto&) const { std::raise(SIGTERM); }
};
struct raises_when_it_begins {
    void begin(auto&) const { std::raise(SIGTERM); }
};
struct raises_behind_step_three {
    void after_step(auto& run) const {
        if (run.trainer().step_count() == 3) std::raise(SIGTERM);
    }
};
template <class Work> struct resumes_with {
    Work work;
    void resume(auto&) const { work(); }
};
template <class Work> resumes_with(Work) -> resumes_with<Work>;
struct scene {
    reference::context ctx;
    regressor<reference::context, float> model{ctx, seed{5}};
    trainer<regressor<reference::context, float>, squared_error> run{model, squared_error{}};
};
rows calm(std::int64_t n) { return rows_of(n); }
std::int64_t saved_steps(const std::filesystem::path& folder) {
    return std::stoll(safetensors_file(folder / "state.safetensors").metadata().at("walt.step"));
}
} // namespace

TEST_CASE("what a source or an observer throws leaves the run when its steps are saved") {
    const temporary_folder folder;
    {
        scene s;
        CHECK_THROWS_WITH(s.run.run(
                              [](std::int64_t n) {
                                  require(n < 7, "file {} cannot be read", n);
                                  return rows_of(n);
                              },
                              steps{20}, save_to{folder.path}),
                          "file 7 cannot be read");
        CHECK(saved_steps(folder.path) == 7);
    }
    scene s;
    ema average(s.model);
    const auto odd = folder.path / "odd";
    CHECK_THROWS_AS(s.run.run(
                        calm, steps{20},
                        [](auto& trainer, const step_result&) {
                            if (trainer.step_count() == 3) throw std::runtime_error("an observer's own");
                        },
                        average, save_to{odd}),
                    std::runtime_error);
    CHECK(saved_steps(odd) == 3); // and the average has seen step 3
    scene again;
    ema its(again.model);
    REQUIRE(again.run.run(
        calm, steps{10}, [](auto&, const step_result&) {}, its, save_to{odd}));
    scene undisturbed;
    ema other(undisturbed.model);
    REQUIRE(undisturbed.run.run(calm, steps{10}, other));
    CHECK(again.model.host_masters() == undisturbed.model.host_masters());
    CHECK(its.model().host_masters() == other.model().host_masters());
}

TEST_CASE("an observer that throws at the end keeps no other from its end, and all are told") {
    const temporary_folder folder;
    scene s;
    int ended = 0, told = 0;
    CHECK_THROWS_WITH(s.run.run(calm, steps{7}, spoils_the_end{}, save_to{folder.path}, counts{&ended, &told}),
                      "no folder has that name");
    CHECK(saved_steps(folder.path) == 7);
    CHECK((ended == 1 && told == 1));
    CHECK(s.run.run(calm, steps{9}, save_to{folder.path}, counts{&ended, &told}));
    CHECK((ended == 2 && told == 1));
}

TEST_CASE("a run that gives up is as before the step that was one too many, and goes on from there") {
    const temporary_folder folder;
    const auto spoilt = [](std::int64_t from, std::int64_t until) {
        return [=](std::int64_t n) {
            rows batch = rows_of(n);
            if (n >= from && n < until) batch.y[4] = std::numeric_limits<double>::quiet_NaN();
            return batch;
        };
    };
    const training how{.accumulate = 2, .give_up_after = 3};
    using model = regressor<reference::context, float>;
    reference::context ctx;
    model one(ctx, seed{5}), other(ctx, seed{5});
    trainer gives_up(one, squared_error{}, adamw{}, how), never_did(other, squared_error{}, adamw{}, how);
    std::int64_t seen = 0;
    const auto look = [&](auto&, const step_result&) { ++seen; };
    CHECK_THROWS_WITH(gives_up.run(spoilt(4, 100), steps{20}, look, save_to{folder.path}),
                      Catch::Contains("3 steps in a row") && Catch::Contains("in step 5"));
    CHECK((seen == 4 && gives_up.step_count() == 4 && gives_up.position() == 8 && gives_up.skipped() == 2));
    CHECK(saved_steps(folder.path) == 4);
    CHECK_THROWS_WITH(gives_up.step(spoilt(4, 100)), Catch::Contains("3 steps in a row")); // it tries that step again
    REQUIRE(gives_up.run(calm, steps{7}, save_to{folder.path}));
    REQUIRE(never_did.run(spoilt(4, 8), steps{7}));
    CHECK(one.host_masters() == other.host_masters());
    CHECK(gives_up.skipped() == 2);
}

TEST_CASE("a signal stops every run of the program, and says which it was") {
    for (const auto& [signal, status] : {std::pair{SIGINT, 130}, {SIGTERM, 143}, {SIGHUP, 129}}) {
        const temporary_folder folder;
        const auto train = [&, signal = signal](const char* name, std::int64_t at) {
            scene s;
            return s.run.run(calm, steps{1'000'000}, save_to{folder.path / name, 1'000'000},
                             [&](auto& trainer, const step_result&) {
                                 if (trainer.step_count() == at) std::raise(signal);
                             });
        };
        bool first = true, second = true;
        std::thread other([&] { second = train("b", -1); });
        first = train("a", 50);
        other.join();
        CHECK_FALSE(first);
        CHECK_FALSE(second);
        CHECK(exit_status() == status);
        CHECK(saved_steps(folder.path / "a") == 50);
        CHECK(std::filesystem::exists(folder.path / "b" / "state.safetensors"));
    }
    scene s;
    REQUIRE(s.run.run(calm, steps{2}, interrupts{}));
    CHECK(exit_status() == 0);
}

TEST_CASE("a signal behind the last step, or before the first one, is told too, and the run is saved") {
    const temporary_folder folder;
    scene s;
    CHECK_FALSE(s.run.run(calm, steps{2}, save_to{folder.path}, raises_at_the_end{}));
    CHECK((exit_status() == 143 && saved_steps(folder.path) == 2));
    CHECK_FALSE(s.run.run(calm, steps{2}, save_to{folder.path}, raises_at_the_end{})); // all its steps are done
    CHECK_FALSE(s.run.run(calm, steps{3}, save_to{folder.path}, raises_behind_step_three{}));
    CHECK((exit_status() == 143 && saved_steps(folder.path) == 3));
    CHECK_FALSE(s.run.run(calm, steps{9}, save_to{folder.path}, raises_when_it_begins{}));
    CHECK((exit_status() == 143 && saved_steps(folder.path) == 3));
    CHECK(s.run.run(calm, steps{4}, save_to{folder.path}));
    CHECK((exit_status() == 0 && saved_steps(folder.path) == 4));
}

TEST_CASE("a second Ctrl-C does at once what it did before the run, if it does not come with the first") {
    static volatile std::sig_atomic_t ends = 0;
    const auto before = std::signal(SIGINT, [](int) { ends = ends + 1; });
    {
        const interrupts::watch watching;
        const auto began = std::chrono::steady_clock::now();
        std::raise(SIGINT);
        std::raise(SIGINT);
        if (std::chrono::steady_clock::now() - began < std::chrono::seconds(1)) CHECK(ends == 0);
        ends = 0;
        CHECK(watching.word(watching) == stop);
        std::this_thread::sleep_for(std::chrono::milliseconds(1100));
        std::raise(SIGTERM); // as often as one likes
        std::raise(SIGTERM);
        CHECK(ends == 0);
        std::raise(SIGINT);
        CHECK(ends == 1);
    }
    CHECK(std::signal(SIGINT, before) != SIG_DFL);
}

TEST_CASE("a signal that comes too late for a run's last word stops the next run before its first step") {
    scene s;
    {
        const interrupts::watch of_another_run;
        std::raise(SIGINT);
    }
    CHECK_FALSE(s.run.run(calm, steps{2}, interrupts{}));
    CHECK((exit_status() == 130 && s.run.step_count() == 0));
    CHECK(s.run.run(calm, steps{2}, interrupts{}));
    CHECK(exit_status() == 0);
}

TEST_CASE("a run of two that end one after the other is still stopped in good order") {
    const temporary_folder folder;
    scene first, second;
    CHECK_FALSE(
        second.run.run(calm, steps{100}, save_to{folder.path / "b", 1000}, [&](auto& trainer, const step_result&) {
            if (trainer.step_count() != 3) return;
            REQUIRE(first.run.run(calm, steps{2}, save_to{folder.path / "a"}));
            std::raise(SIGTERM);
        }));
    CHECK(saved_steps(folder.path / "b") == 3);
}

TEST_CASE("a folder has one run") {
    const temporary_folder folder;
    scene first, second;
    CHECK(first.run.run(calm, steps{3}, save_to{folder.path}, [&](auto&, const step_result&) {
        CHECK_THROWS_WITH(second.run.run(calm, steps{9}, save_to{folder.path}),
                          Catch::Contains("one folder has one run"));
    }));
    CHECK(second.run.run(calm, steps{5}, save_to{folder.path})); // it goes on there
    CHECK(saved_steps(folder.path) == 5);
}

TEST_CASE("a folder is a run's from when its state is read, so that none writes another between") {
    const temporary_folder folder;
    scene first, second;
    const auto between = [&](const auto& keeps) {
        int refused = 0;
        const auto tries = [&] {
            CHECK_THROWS_WITH(second.run.run(calm, steps{9}, save_to{folder.path}),
                              Catch::Contains("one folder has one run"));
            fail("this run does not begin{}", ++refused > 1 ? " again" : "");
        };
        for (int i = 0; i < 2; ++i) // and whoever did not begin does not stand in their own way
            CHECK_THROWS_WITH(first.run.run(calm, steps{3}, keeps, resumes_with{tries}),
                              Catch::StartsWith("this run does not begin"));
        CHECK(refused == 2);
    };
    between(checkpoints{folder.path});
    between(save_to{folder.path});
    CHECK(first.run.run(calm, steps{3}, save_to{folder.path}));
    CHECK(second.run.run(calm, steps{5}, checkpoints{folder.path}));
    CHECK((second.run.step_count() == 5 && saved_steps(folder.path) == 5));
}
