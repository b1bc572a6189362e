// A progress line for anything that takes long: share done, rate, time left. Where stderr is no terminal (a log, a
// pipe), a line a minute.
#pragma once

#include "../core/error.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <string>

#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

namespace walt {

/// progress shown(steps, "steps"); shown.update(done, "loss 0.31"); shown.finish().
class progress {
  public:
    /// `done` is where the work starts, after a resume; it does not count for the rate.
    explicit progress(std::int64_t total, std::string unit = "steps", std::int64_t done = 0)
        : total_(total), start_(done), unit_(std::move(unit)), terminal_(::isatty(2) == 1) {}
    progress(const progress&) = delete;
    progress& operator=(const progress&) = delete;
    ~progress() { finish(); }

    /// Redraws the line at most ten times a second; writes another one once a minute where there is no terminal.
    void update(std::int64_t done, const std::string& note = {}) {
        const double now = seconds();
        if (!terminal_) {
            if (now - drawn_ < 60) return;
            drawn_ = now;
            std::fputs((line(done, now - begun_, note) + "\n").c_str(), stderr);
            return;
        }
        if (done < total_ && now - drawn_ < 0.1) return;
        drawn_ = now;
        std::string text = line(done, now - begun_, note);
        ::winsize size{};
        if (::ioctl(2, TIOCGWINSZ, &size) == 0 && size.ws_col > 1)
            text.resize(std::min<std::size_t>(text.size(), size.ws_col - 1u)); // or it wraps
        std::fputs(("\r" + text + "\x1b[K").c_str(), stderr);
        std::fflush(stderr);
        shown_ = true;
    }

    /// Ends the line.
    void finish() {
        if (shown_) std::fputc('\n', stderr);
        shown_ = false;
    }

    /// "59:59", "3:01:01"; from 1e9 seconds on "31.7 years".
    static std::string time_text(double seconds) {
        if (seconds >= 1e9) return fmt::format("{:.3g} years", seconds / (365.25 * 24 * 3600));
        const auto s = static_cast<long long>(seconds > 0 ? seconds : 0);
        const auto behind = [](long long number) {
            return std::string{':', static_cast<char>('0' + number / 10), static_cast<char>('0' + number % 10)};
        };
        if (s >= 3600) return std::to_string(s / 3600) + behind(s / 60 % 60) + behind(s % 60);
        return std::to_string(s / 60) + behind(s % 60);
    }

    /// The line as it stands after so many seconds.
    std::string line(std::int64_t done, double seconds, const std::string& note) const {
        const double rate = seconds > 0 ? static_cast<double>(done - start_) / seconds : 0;
        const double share =
            total_ > 0 ? std::clamp(static_cast<double>(done) / static_cast<double>(total_), 0.0, 1.0) : 1.0;
        constexpr int width = 24;
        std::string bar(static_cast<std::size_t>(share * width), '#');
        bar.resize(width, '.');
        std::string text = "[" + bar + fmt::format("] {:3.0f}%  ", 100 * share) + std::to_string(done) + "/" +
                           std::to_string(total_) + " " + unit_ + "  " + rate_text(rate);
        if (rate > 0) text += "  " + time_text(static_cast<double>(total_ - done) / rate) + " left";
        return note.empty() ? text : text + "  " + note;
    }

  private:
    /// Of the system's steady clock. (<chrono> brings streams: a thirtieth of the time to include walt.hpp.)
    static double seconds() {
        ::timespec now{};
        ::clock_gettime(CLOCK_MONOTONIC, &now);
        return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
    }
    static std::string rate_text(double rate) {
        return rate >= 1 || rate <= 0 ? fmt::format("{:.1f}/s", +rate) : fmt::format("{:.1f} s each", 1 / rate);
    }

    std::int64_t total_, start_;
    std::string unit_;
    bool terminal_, shown_ = false;
    double begun_ = seconds(), drawn_ = terminal_ ? 0 : begun_;
};

} // namespace walt
