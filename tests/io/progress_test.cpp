#include "../catch.hpp"
#include "../watched_stderr.hpp"

#include <walt/io/progress.hpp>

#include <chrono>
#include <cstdlib>
#include <thread>

TEST_CASE("a line tells share, rate, time left and the note") {
    const walt::progress shown(200, "steps");
    CHECK(shown.line(50, 10, "loss 0.31") ==
          "[######..................]  25%  50/200 steps  5.0/s  0:30 left  loss 0.31");
    CHECK(shown.line(0, 10, "") == "[........................]   0%  0/200 steps  0.0/s");
    CHECK(shown.line(2, 100, "") == "[........................]   1%  2/200 steps  50.0 s each  2:45:00 left");
    CHECK(shown.line(300, 10, "") == "[########################] 100%  300/200 steps  30.0/s  0:00 left");
    const walt::progress resumed(200, "clips", 100); // what was done before does not count for the rate
    CHECK(resumed.line(150, 10, "") == "[##################......]  75%  150/200 clips  5.0/s  0:10 left");
    CHECK(walt::progress(0).line(0, 1, "") == "[########################] 100%  0/0 steps  0.0/s");
    CHECK(walt::progress::time_text(59.9) == "0:59");
    CHECK(walt::progress::time_text(3661) == "1:01:01");
    CHECK(walt::progress::time_text(-5) == "0:00");
    CHECK(walt::progress::time_text(999'999'999) == "277777:46:39");
    CHECK(walt::progress::time_text(1e9) == "31.7 years");
    CHECK(walt::progress::time_text(1e30) == "3.17e+22 years");
    CHECK(walt::progress::time_text(1.0 / 0.0) == "inf years");
}

TEST_CASE("a terminal gets one line, redrawn at most ten times a second, within its width") {
    std::string text;
    {
        watched_stderr watched(true);
        walt::progress shown(1000, "steps");
        const auto begun = std::chrono::steady_clock::now();
        for (int i = 1; i <= 300; ++i) {
            shown.update(i, std::string(100, 'n'));
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
        shown.finish();
        shown.finish();
        text = watched.text();
        const auto drawn = static_cast<double>(std::count(text.begin(), text.end(), '['));
        CHECK(drawn >= 2 * 2); // each draw has the bar's bracket and an escape's
        CHECK(drawn <= 2 * (10 * seconds + 2));
    }
    CHECK(std::count(text.begin(), text.end(), '\n') == 1);
    CHECK(text.find("steps") != std::string::npos);
    for (std::size_t from = text.find('\r'); from + 1 < text.size();) {
        const std::size_t to = std::min(text.find('\x1b', from), text.size());
        if (text[from] == '\r' && text[from + 1] == '[') CHECK(to - from - 1 <= 59);
        from = std::min(text.find('\r', from + 1), text.size());
    }
}

TEST_CASE("what is no terminal stays quiet") {
    watched_stderr watched(false);
    {
        walt::progress shown(10);
        for (int i = 1; i <= 10; ++i) shown.update(i, "note");
    }
    CHECK(watched.text().empty());
}
