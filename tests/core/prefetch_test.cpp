#include "../catch.hpp"

#include <walt/core/prefetch.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <thread>

namespace {
void wait_a_little(std::int64_t n) { std::this_thread::sleep_for(std::chrono::microseconds(50 * (n * 7 % 5))); }
} // namespace

TEST_CASE("items come in order, from any first one, whatever the threads") {
    for (const int threads : {1, 3})
        for (const int ahead : {1, 2, 5}) {
            walt::prefetch<std::unique_ptr<std::int64_t>> items(
                [](std::int64_t n) {
                    wait_a_little(n);
                    return std::make_unique<std::int64_t>(n * n);
                },
                {.first = 17, .ahead = ahead, .threads = threads});
            for (std::int64_t n = 17; n < 80; ++n) {
                CHECK(items.position() == n);
                REQUIRE(*items.next() == n * n);
            }
        }
}

TEST_CASE("no more items are made ahead than asked for") {
    std::atomic<std::int64_t> made = 0;
    walt::prefetch<int> items([&](std::int64_t) { return static_cast<int>(++made); }, {.ahead = 4, .threads = 2});
    for (int taken = 1; taken <= 20; ++taken) {
        items.next();
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        CHECK(made <= taken + 4);
    }
    for (int tries = 0; made < 24 && tries < 2000; ++tries) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    CHECK(made == 24);
}

TEST_CASE("what the function throws is thrown at its item, again and again, and items before it still come") {
    walt::prefetch<std::int64_t> items(
        [](std::int64_t n) {
            wait_a_little(n);
            if (n == 5) throw walt::error("no item 5");
            return n;
        },
        {.ahead = 3, .threads = 2});
    for (std::int64_t n = 0; n < 5; ++n) CHECK(items.next() == n);
    for (int again = 0; again < 3; ++again) {
        CHECK_THROWS_WITH(items.next(), "no item 5");
        CHECK(items.position() == 5);
    }
}

TEST_CASE("a prefetch that nobody empties ends cleanly") {
    std::atomic<int> running = 0;
    {
        const walt::prefetch<int> items(
            [&](std::int64_t n) {
                ++running;
                wait_a_little(n + 1);
                --running;
                return 0;
            },
            {.ahead = 2, .threads = 3});
    }
    CHECK(running == 0);
    CHECK_THROWS_AS(walt::prefetch<int>([](std::int64_t) { return 0; }, {.ahead = 0}), walt::error);
    CHECK_THROWS_AS(walt::prefetch<int>([](std::int64_t) { return 0; }, {.threads = 0}), walt::error);
}
