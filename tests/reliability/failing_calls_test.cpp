// Each call of a training on its folder fails, in each way in which it may: the training ends with a sentence or
// goes on rightly, what it leaves is whole, and the next one goes on to the bits of one that was never disturbed.
// WALT_WAYS: in how many of its ways each call fails.
#include "trainings.hpp"

#include <map>

using namespace trainings;

namespace {

constexpr std::int64_t until = 6, every = 2;

/// Where a training begins: in no folder, or where one of four steps was killed in the next one.
struct beginning {
    const char* name;
    bool killed;
    void (*prepare)(const path& folder);
};
void from_nothing(const path&) {}
void from_a_killed_one(const path& folder) {
    process run(folder, 4, every);
    REQUIRE(run.wait().status == 0);
    std::filesystem::remove(folder / "weights.safetensors");
    std::ofstream(folder / "log.csv", std::ios::app) << "5,1.2";
    std::ofstream(folder / "state.safetensors.tmp-1") << "half";
}

/// The ways in which a call may fail (failing_calls.cpp).
std::vector<std::string> ways_of(const std::string& call) {
    const auto one_of = [&](std::initializer_list<const char*> calls) {
        return std::find(calls.begin(), calls.end(), call) != calls.end();
    };
    std::vector<std::string> ways{"EIO", "kill", "dead"};
    if (one_of({"open", "close", "read", "pread", "write", "fsync", "ftruncate", "flock"})) ways.push_back("EINTR");
    if (one_of({"open", "write", "fsync", "rename", "mkdir"})) ways.push_back("ENOSPC");
    if (one_of({"read", "pread", "write"})) ways.push_back("short");
    return ways;
}

} // namespace

TEST_CASE("whatever call fails, a training loses nothing that it has saved") {
    const undisturbed whole(until, every, memory());
    const temporary_folder place(memory());
    const std::size_t ways = static_cast<std::size_t>(number_of("WALT_WAYS", 1));
    std::map<std::string, int> tried, survived;
    for (const beginning& from :
         {beginning{"from nothing", false, from_nothing}, beginning{"from a killed one", true, from_a_killed_one}}) {
        const path start = place.path / "start", folder = place.path / "runs" / "run";
        std::filesystem::create_directories(place.path / "runs");
        from.prepare(start);
        const auto again = [&] {
            std::filesystem::remove_all(folder);
            if (std::filesystem::exists(start))
                std::filesystem::copy(start, folder, std::filesystem::copy_options::recursive);
        };
        const auto with = [&](std::size_t call, const std::string& how) {
            around made;
            made.settings = {{"FAIL_IN", folder.string()},
                             {"FAIL_CALL", std::to_string(call)},
                             {"FAIL_HOW", how},
                             {"FAIL_REPORT", (place.path / "report").string()}};
            return made;
        };
        again();
        process counted(folder, until, every, with(0, ""));
        REQUIRE(counted.wait().status == 0);
        whole.check_ended(folder);
        std::string tail;
        const std::vector<std::string> calls = lines_of(text_of(place.path / "report"), tail);
        REQUIRE(calls.size() > 100);
        for (std::size_t i = 0; i < calls.size(); ++i) {
            const std::vector<std::string> all = ways_of(calls[i]);
            for (std::size_t way = 0; way < std::min(ways, all.size()); ++way) {
                const std::string& how = all[(i + way) % all.size()];
                again();
                process run(folder, until, every, with(i + 1, how));
                const ending end = run.wait();
                INFO(from.name << ": call " << i + 1 << ", " << calls[i] << ", " << how << ": status " << end.status
                               << ", signal " << end.signal << ", \"" << end.said << "\"");
                std::string rest;
                REQUIRE(lines_of(text_of(place.path / "report"), rest).size() > i);
                ++tried[how];
                survived[how] += end.status == 0;
                if (how == "kill") CHECK(end.signal == SIGKILL);
                else if (how == "EINTR" || how == "short") CHECK(end.status == 0);
                else {
                    CHECK((end.status == 0 || end.status == 1));
                    if (end.status == 1) CHECK(end.said.find(folder.string()) != end.said.npos);
                }
                const int unsaid = end.said.find("could not be added") != end.said.npos;
                whole.check_left(folder, from.killed || how == "kill" || how == "dead", unsaid);
                process next(folder, until, every);
                const ending last = next.wait();
                INFO(last.said);
                REQUIRE(last.status == 0);
                whole.check_ended(folder, unsaid);
            }
        }
        WARN(from.name << ": a training of " << until << " steps makes " << calls.size() << " calls on its folder");
    }
    for (const auto& [how, times] : tried)
        WARN(times << " calls failed by " << how << ", " << survived[how] << " of which the training survived");
}
