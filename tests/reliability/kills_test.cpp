// A training that is killed at any instant, again and again, until it is done, has the bits of one that never was.
// WALT_KILLS: how many kills; WALT_SEED: of their instants.
#include "trainings.hpp"

#include <array>
#include <random>
#include <thread>

using namespace trainings;

namespace {

using clock = std::chrono::steady_clock;

/// Trainings that are ended by signals until so many have been sent, each until it is done.
struct ended_by_signals {
    undisturbed whole{60, 2};
    temporary_folder place;
    std::mt19937_64 random{static_cast<std::uint64_t>(number_of("WALT_SEED", 1))};
    double start = 0, all = 0; ///< seconds that it takes to find that all is done, and to do it
    int sent = 0, while_saving = 0, trainings = 0;

    ended_by_signals() {
        const auto seconds = [&](const path& folder) {
            const auto from = clock::now();
            process run(folder, whole.steps(), 2);
            REQUIRE(run.wait().status == 0);
            return std::chrono::duration<double>(clock::now() - from).count();
        };
        all = seconds(place.path / "timed");
        start = seconds(place.path / "timed");
        whole.check_ended(place.path / "timed");
    }

    /// An instant: before the run has begun, or within a quarter of it.
    auto instant() {
        const double most = start + std::max(all - start, 0.0) / 4;
        return std::chrono::duration<double>(std::uniform_real_distribution<double>(0, most)(random));
    }
};

} // namespace

TEST_CASE("a training that is killed at any instant loses nothing that it has saved") {
    ended_by_signals all;
    const int kills = number_of("WALT_KILLS", 10);
    while (all.sent < kills) {
        const path folder = all.place.path / std::to_string(all.trainings++);
        std::int64_t saved = 0;
        for (bool done = false; !done;) {
            INFO("training " << all.trainings << ", after " << all.sent << " kills, from step " << saved);
            process run(folder, all.whole.steps(), 2);
            if (all.sent < kills) {
                std::this_thread::sleep_for(all.instant());
                run.send(SIGKILL);
            }
            const ending how = run.wait();
            INFO(how.said);
            done = how.signal == 0;
            REQUIRE(how.status == (done ? 0 : -1));
            if (done) break;
            ++all.sent;
            all.while_saving += has_temporaries(folder);
            const std::int64_t now = all.whole.check_left(folder, true);
            REQUIRE(now >= saved);
            saved = now;
        }
        all.whole.check_ended(folder);
        std::filesystem::remove_all(folder);
    }
    WARN(all.sent << " kills of " << all.trainings << " trainings of " << all.whole.steps()
                  << " steps: " << all.while_saving << " while a file was being replaced, " << all.whole.torn()
                  << " times a log ended in half a line");
    CHECK((kills < 100 || all.while_saving > 0));
}

TEST_CASE("a training that is told to stop at any instant ends saved, and says which signal it was") {
    ended_by_signals all;
    const int signals = number_of("WALT_KILLS", 10);
    int in_good_order = 0;
    while (all.sent < signals) {
        const path folder = all.place.path / std::to_string(all.trainings++);
        std::int64_t saved = 0;
        for (bool done = false; !done;) {
            INFO("training " << all.trainings << ", after " << all.sent << " signals, from step " << saved);
            const int which = std::array{SIGINT, SIGTERM, SIGHUP}[all.random() % 3];
            process run(folder, all.whole.steps(), 2);
            if (all.sent < signals) {
                std::this_thread::sleep_for(all.instant());
                all.while_saving += has_temporaries(folder);
                run.send(which);
                ++all.sent;
            }
            const ending how = run.wait();
            INFO(how.said);
            done = how.status == 0;
            if (done) break;
            if (how.signal == 0) { // the run had begun: it ended in good order
                ++in_good_order;
                REQUIRE(how.status == 128 + which);
            } else REQUIRE(how.signal == which);
            const std::int64_t now = all.whole.check_left(folder, how.signal != 0);
            REQUIRE(now >= saved);
            if (how.signal == 0) REQUIRE(all.whole.logged(folder) == now);
            saved = now;
        }
        all.whole.check_ended(folder);
        std::filesystem::remove_all(folder);
    }
    WARN(all.sent << " signals to " << all.trainings << " trainings of " << all.whole.steps() << " steps: "
                  << in_good_order << " ended saved, the others before they began or when they were done; "
                  << all.while_saving << " came while a file was being replaced");
    CHECK((signals < 100 || in_good_order > 0));
}
