// Trainings (training.cpp) in processes of their own, and what must be true of what they leave, however they ended.
#pragma once

#include "../catch.hpp"
#include "../datasets/temporary_folder.hpp"
#include "../io/event_files.hpp"

#include <walt/io/atomic_file.hpp>
#include <walt/io/read_file.hpp>
#include <walt/io/safetensors.hpp>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace trainings {

using path = std::filesystem::path;

/// A number of the environment, where tests are told how much they shall do.
inline int number_of(const char* name, int otherwise) {
    const char* text = std::getenv(name);
    return text ? std::atoi(text) : otherwise;
}

inline std::string text_of(const path& file) {
    const auto bytes = walt::read_file(file);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// The lines that are whole, and in `tail` what follows the last of them.
inline std::vector<std::string> lines_of(const std::string& text, std::string& tail) {
    std::vector<std::string> lines;
    std::size_t from = 0;
    for (std::size_t end = 0; (end = text.find('\n', from)) != text.npos; from = end + 1)
        lines.push_back(text.substr(from, end - from));
    tail = text.substr(from);
    return lines;
}

/// A disk in memory, where there is one: for what need not wait for a real one's.
inline path memory() {
    const path shared = "/dev/shm";
    return ::access(shared.c_str(), W_OK) == 0 ? shared : std::filesystem::temp_directory_path();
}

inline bool has_temporaries(const path& folder) {
    std::error_code vanished; // the training lives, perhaps
    for (std::filesystem::directory_iterator at(folder, vanished), end; !vanished && at != end; at.increment(vanished))
        if (!walt::detail::target_of(at->path().filename().string()).empty()) return true;
    return false;
}

/// How a process ended: its exit status, or the signal that ended it, and what it said on stderr.
struct ending {
    int status = -1, signal = 0;
    std::string said;
};

/// What a training is given beside its arguments.
struct around {
    std::vector<std::pair<std::string, std::string>> settings{}; ///< of its environment
    rlim_t largest_file = RLIM_INFINITY;                         ///< as if the disk were full behind it
};

/// A training's process. One that lasts two minutes hangs: SIGALRM ends it.
class process {
  public:
    process(const path& folder, std::int64_t steps, std::int64_t every, const around& with = {},
            const path& states = {}) {
        const path program = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "reliability_training";
        std::vector<std::string> words{program.string(), folder.string(), std::to_string(steps), std::to_string(every)};
        if (!states.empty()) words.push_back(states.string());
        std::vector<char*> arguments;
        for (std::string& word : words) arguments.push_back(word.data());
        arguments.push_back(nullptr);
        int ends[2]; // a pipe: files may be too large
        REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
        said_ = ends[0];
        ::sigset_t stopping, before; // Catch's handlers shall not see what is sent to the training
        ::sigemptyset(&stopping);
        for (const int one : {SIGINT, SIGTERM, SIGHUP}) ::sigaddset(&stopping, one);
        ::pthread_sigmask(SIG_BLOCK, &stopping, &before);
        id_ = ::fork();
        if (id_ != 0) {
            ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
            REQUIRE(id_ > 0);
            ::close(ends[1]);
            return;
        }
        for (const auto& [name, value] : with.settings) ::setenv(name.c_str(), value.c_str(), 1);
        for (const int one : {SIGINT, SIGTERM, SIGHUP}) std::signal(one, SIG_DFL);
        ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
        if (with.largest_file != RLIM_INFINITY) {
            const rlimit few{with.largest_file, with.largest_file};
            std::signal(SIGXFSZ, SIG_IGN);
            if (::setrlimit(RLIMIT_FSIZE, &few) != 0) ::_exit(126);
        }
        ::alarm(120);
        ::dup2(ends[1], 2);
        ::execv(arguments[0], arguments.data());
        ::_exit(127);
    }
    process(const process&) = delete;
    process& operator=(const process&) = delete;
    ~process() {
        if (id_ > 0) {
            ::kill(id_, SIGKILL);
            ::waitpid(id_, nullptr, 0);
        }
        ::close(said_);
    }

    void send(int signal) const { ::kill(id_, signal); }
    ending wait() {
        ending found;
        char piece[4096];
        for (::ssize_t size = 0; (size = ::read(said_, piece, sizeof piece)) > 0;)
            found.said.append(piece, static_cast<std::size_t>(size));
        int status = 0;
        REQUIRE(::waitpid(id_, &status, 0) == id_);
        id_ = -1;
        if (WIFEXITED(status)) found.status = WEXITSTATUS(status);
        else found.signal = WTERMSIG(status);
        INFO(found.said);
        CHECK(found.signal != SIGALRM); // it hung
        CHECK(found.signal != SIGABRT);
        CHECK(found.signal != SIGSEGV);
        return found;
    }

  private:
    ::pid_t id_ = -1;
    int said_ = -1;
};

/// A training that nobody disturbs, and the state of each of its steps: what others must equal.
class undisturbed {
  public:
    undisturbed(std::int64_t steps, std::int64_t every, const path& in = std::filesystem::temp_directory_path())
        : place_(in), steps_(steps) {
        const path states = place_.path / "states";
        std::filesystem::create_directories(states);
        process run(folder(), steps, every, {}, states);
        const ending how = run.wait();
        INFO(how.said);
        REQUIRE(how.status == 0);
        std::string tail;
        rows_ = lines_of(text_of(folder() / "log.csv"), tail);
        records_ = lines_of(text_of(folder() / "lines.json"), tail);
        REQUIRE(rows_.size() == static_cast<std::size_t>(steps) + 1);
        REQUIRE(records_.size() == static_cast<std::size_t>(steps) + 1);
        for (std::int64_t step = 1; step <= steps; ++step) {
            states_.push_back(text_of(states / std::to_string(step)));
            const walt::safetensors_file state(states / std::to_string(step));
            double sum = 0;
            for (const float weight : state.read<float>("average")) sum += static_cast<double>(weight);
            measured_.push_back(fmt::format("{},{:.6g}", step, sum));
        }
        REQUIRE(text_of(folder() / "state.safetensors") == states_.back());
        REQUIRE(states_.back() != states_.front());
        losses_ = losses_of(folder(), false);
        REQUIRE(losses_.size() == static_cast<std::size_t>(steps));
        check_ended(folder());
    }

    path folder() const { return place_.path / "run"; }
    std::int64_t steps() const { return steps_; }

    /// What a training that ended in any way has left: its last saved step, 0 where it saved none. `killed`: its last
    /// lines may be half, and temporaries may be there. `unsaid`: so many lines may be missing, of each of which it
    /// said that it could not be added.
    std::int64_t check_left(const path& of, bool killed, int unsaid = 0) const {
        if (!std::filesystem::exists(of)) return 0;
        std::int64_t saved = 0;
        if (std::filesystem::exists(of / "state.safetensors")) {
            const walt::safetensors_file state(of / "state.safetensors");
            saved = std::stoll(state.metadata().at("walt.step"));
            REQUIRE((saved >= 0 && saved <= steps_));
            if (saved == 0) CHECK(state.metadata().at("walt.position") == "0"); // told to stop before its first step
            else CHECK((text_of(of / "state.safetensors") == states_[static_cast<std::size_t>(saved - 1)]));
        }
        check_lines(of / "log.csv", rows_, saved, killed, unsaid);
        check_lines(of / "lines.json", records_, saved, killed, unsaid);
        check_measured(of / "measured.csv", killed);
        check_events(of, saved, killed, unsaid);
        if (std::filesystem::exists(of / "loss.svg")) CHECK(text_of(of / "loss.svg").ends_with("</svg>\n"));
        if (std::filesystem::exists(of / "weights.safetensors")) {
            CHECK(saved == steps_);
            CHECK((text_of(of / "weights.safetensors") == text_of(folder() / "weights.safetensors")));
        }
        if (!killed) CHECK_FALSE(has_temporaries(of));
        return saved;
    }
    /// What one has left that came to its end, however often it was stopped before. `unsaid`: as above.
    void check_ended(const path& of, int unsaid = 0) const {
        CHECK(check_left(of, false, unsaid) == steps_);
        CHECK(names(of) == names(folder()));
        if (!unsaid) CHECK(text_of(of / "loss.svg") == text_of(folder() / "loss.svg"));
        std::string tail;
        std::set<std::string> found;
        for (const std::string& line : lines_of(text_of(of / "measured.csv"), tail)) found.insert(line);
        for (std::int64_t step = 5; step <= steps_; step += 5)
            if (!unsaid) CHECK(found.contains(measured_[static_cast<std::size_t>(step - 1)]));
        CHECK((unsaid || found.contains(measured_.back())));
    }
    /// The last step that log.csv has.
    std::int64_t logged(const path& of) const {
        std::string tail;
        return static_cast<std::int64_t>(lines_of(text_of(of / "log.csv"), tail).size()) - 1;
    }
    /// Ends of files that were half when their writer was killed.
    int torn() const { return torn_; }

  private:
    /// All but the events' files, whose names say when they were made.
    static std::set<std::string> names(const path& of) {
        std::set<std::string> found;
        for (const auto& entry : std::filesystem::directory_iterator(of))
            if (const std::string name = entry.path().filename().string(); !name.starts_with("events."))
                found.insert(name);
        return found;
    }
    /// The seconds, the last column of log.csv, are never the same.
    static std::string without_seconds(const path& file, const std::string& line) {
        return file.extension() == ".csv" ? line.substr(0, line.rfind(',')) : line;
    }
    /// A file that has a line for each step behind its head: whole, in order, each once, none missing up to `saved`.
    void check_lines(const path& file, const std::vector<std::string>& all, std::int64_t saved, bool killed,
                     int unsaid) const {
        INFO(file.string());
        if (!std::filesystem::exists(file)) {
            CHECK(saved == 0);
            return;
        }
        std::string tail;
        const std::vector<std::string> found = lines_of(text_of(file), tail);
        torn_ += !tail.empty();
        CHECK((killed || tail.empty()));
        REQUIRE(found.size() >= 1);
        CHECK(found[0] == all[0]);
        std::size_t step = 1;
        int missing = 0;
        for (std::size_t i = 1; i < found.size(); ++i, ++step) {
            const std::string mine = without_seconds(file, found[i]);
            while (missing < unsaid && step < all.size() && mine != without_seconds(file, all[step])) ++step, ++missing;
            REQUIRE(step < all.size());
            CHECK(mine == without_seconds(file, all[step]));
        }
        CHECK(static_cast<std::int64_t>(step) - 1 + unsaid - missing >= saved);
    }
    /// Lines of some steps, in order, each once.
    void check_measured(const path& file, bool killed) const {
        if (!std::filesystem::exists(file)) return;
        std::string tail;
        const std::vector<std::string> found = lines_of(text_of(file), tail);
        torn_ += !tail.empty();
        CHECK((killed || tail.empty()));
        REQUIRE(found.size() >= 1);
        CHECK(found[0] == "step,sum of the average's weights");
        std::size_t from = 0;
        for (std::size_t i = 1; i < found.size(); ++i) {
            INFO(found[i]);
            const auto at = std::find(measured_.begin() + static_cast<std::ptrdiff_t>(from), measured_.end(), found[i]);
            REQUIRE(at != measured_.end());
            from = static_cast<std::size_t>(at - measured_.begin()) + 1;
        }
    }
    /// Losses, as TensorBoard reads them: file by file in the order of their names, a session's start taking back what
    /// was said of its step and later ones. A file may end half that a killed process has written.
    std::map<std::int64_t, std::uint64_t> losses_of(const path& of, bool killed) const {
        std::set<path> files;
        for (const auto& entry : std::filesystem::directory_iterator(of))
            if (entry.path().filename().string().starts_with("events.")) files.insert(entry.path());
        std::map<std::int64_t, std::uint64_t> losses; // their bits: one is not a number
        for (const path& file : files) {
            INFO(file.string());
            const std::string bytes = text_of(file);
            const std::string_view whole = events::whole(bytes);
            torn_ += whole.size() != bytes.size();
            CHECK((killed || file != *files.rbegin() || whole.size() == bytes.size()));
            for (const events::message& event : events::of_records(whole)) {
                const auto step = event.numbers.contains(2) ? static_cast<std::int64_t>(event.number(2)) : 0;
                if (event.bytes.contains(7)) losses.erase(losses.lower_bound(step), losses.end());
                if (!event.bytes.contains(5)) continue;
                for (const events::message& value : events::values(event)) {
                    if (value.text(1) != "loss") continue;
                    INFO("step " << step);
                    CHECK(losses.count(step) == 0);
                    losses[step] = value.number(2);
                }
            }
        }
        return losses;
    }
    void check_events(const path& of, std::int64_t saved, bool killed, int unsaid) const {
        const auto found = losses_of(of, killed);
        int missing = 0;
        for (std::int64_t step = 1; step <= saved; ++step) missing += !found.contains(step);
        CHECK(missing <= unsaid);
        for (const auto& [step, loss] : found) {
            INFO("step " << step);
            CHECK((losses_.contains(step) && loss == losses_.at(step)));
        }
    }

    temporary_folder place_;
    std::int64_t steps_;
    std::vector<std::string> rows_, records_;    ///< of log.csv and lines.json, with their heads
    std::vector<std::string> states_, measured_; ///< of steps 1, 2, ...
    std::map<std::int64_t, std::uint64_t> losses_;
    mutable int torn_ = 0;
};

} // namespace trainings
