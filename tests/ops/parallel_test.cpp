// Work dealt to threads: all of it is done once, small regions stay in their thread, what a piece throws comes out as a
// walt::error, and oneDNN's products are the same for any number of threads.
#include "../catch.hpp"
#include "operands.hpp"

#include <walt/ops/cpu/linear.hpp>
#include <walt/ops/cpu/window_attention.hpp>

#include <atomic>
#include <chrono>
#include <mutex>
#include <set>
#include <thread>

using namespace walt;

namespace {

/// The number of threads for as long as it lives.
struct with_threads {
    explicit with_threads(int count) { omp_set_num_threads(count); }
    ~with_threads() { omp_set_num_threads(before); }
    const int before = omp_get_max_threads();
};

std::atomic<bool> memory_is_there{true};

} // namespace

// What allocate_host asks: the test can refuse it. (Inlined, they look like a mistake to the compiler.)
[[gnu::noinline]] void* operator new(std::size_t size, std::align_val_t alignment, const std::nothrow_t&) noexcept {
    const auto bytes = static_cast<std::size_t>(alignment);
    return memory_is_there ? std::aligned_alloc(bytes, (size + bytes - 1) / bytes * bytes) : nullptr;
}
[[gnu::noinline]] void operator delete(void* place, std::align_val_t) noexcept { std::free(place); }

TEST_CASE("every piece is done once, for any number of threads, again and again", "[ops][parallel]") {
    for (const int threads : {1, 2, 3, 8}) {
        const with_threads so_many(threads);
        for (const std::int64_t count : {0, 1, 2, 17, 1000}) {
            std::vector<std::atomic<int>> done(static_cast<std::size_t>(count));
            for (int again = 1; again <= 50; ++again) {
                cpu::parallel(count, cpu::least_claim, [&](std::int64_t i) { ++done[static_cast<std::size_t>(i)]; });
                for (const auto& times : done) REQUIRE(times == again);
            }
        }
    }
}

TEST_CASE("large regions have several threads, small ones and those inside of a piece have one", "[ops][parallel]") {
    const with_threads three(3);
    const auto used_by = [](std::int64_t count, std::int64_t cost, auto inside) {
        std::mutex lock;
        std::set<std::thread::id> threads;
        cpu::parallel(count, cost, [&](std::int64_t) {
            inside();
            const std::lock_guard guard(lock);
            threads.insert(std::this_thread::get_id());
        });
        return threads.size();
    };
    // Three pieces that wait for each other end only where each has a thread.
    std::atomic<int> arrived{0};
    CHECK(used_by(3, cpu::least_claim, [&] {
              for (++arrived; arrived < 3;) std::this_thread::yield();
          }) == 3);
    CHECK(used_by(1000, 1, [] {}) == 1);
    std::atomic<int> most{0};
    used_by(3, cpu::least_claim, [&] {
        if (cpu::threads() != 1 || used_by(8, cpu::least_claim, [] {}) != 1) ++most;
    });
    CHECK(most == 0);
    CHECK(cpu::threads() == 3);
}

TEST_CASE("threads that call side by side have teams of their own", "[ops][parallel]") {
    std::atomic<int> right{0};
    const auto work = [&] {
        const with_threads two(2);
        for (int again = 0; again < 100; ++again) {
            std::vector<int> numbers(64);
            cpu::parallel(64, cpu::least_claim,
                          [&](std::int64_t i) { numbers[static_cast<std::size_t>(i)] = static_cast<int>(i); });
            int sum = 0;
            for (const int number : numbers) sum += number;
            right += sum == 63 * 32;
        }
    };
    std::thread one(work), two(work);
    one.join();
    two.join();
    CHECK(right == 200);
}

#if defined(__linux__)
namespace {
cpu_set_t processors_of(pthread_t thread) {
    cpu_set_t set;
    CPU_ZERO(&set);
    REQUIRE(pthread_getaffinity_np(thread, sizeof set, &set) == 0);
    return set;
}
} // namespace

TEST_CASE("a helper is kept off the processor of its caller, unless somebody else bound it", "[ops][parallel]") {
    cpu::detail::bell end;
    std::thread helper([&] { end.wait(); });
    const cpu_set_t mine = processors_of(pthread_self());
    std::vector<int> processors;
    for (int i = 0; i < CPU_SETSIZE; ++i)
        if (CPU_ISSET(static_cast<std::size_t>(i), &mine)) processors.push_back(i);
    cpu::detail::place place;
    const auto seen_on = [&](int processor, cpu::detail::taken_processors taken) {
        place.note(processor);
        place.find(taken, helper.native_handle());
        return processors_of(helper.native_handle());
    };
    cpu::detail::taken_processors all(0);
    for (const int processor : processors) all.add(processor);
    cpu_set_t its = seen_on(processors[0], all);
    CHECK(CPU_EQUAL(&its, &mine)); // no other is left
    if (processors.size() > 1) {
        its = seen_on(processors[0], cpu::detail::taken_processors(processors[1]));
        CHECK(CPU_EQUAL(&its, &mine)); // it was elsewhere
        for (const int taken : {processors[0], processors[1]}) {
            its = seen_on(taken, cpu::detail::taken_processors(taken));
            CHECK(CPU_COUNT(&its) == CPU_COUNT(&mine) - 1);
            CHECK(!CPU_ISSET(static_cast<std::size_t>(taken), &its));
        }
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET(static_cast<std::size_t>(processors[1]), &one);
        REQUIRE(pthread_setaffinity_np(helper.native_handle(), sizeof one, &one) == 0);
        its = seen_on(processors[1], cpu::detail::taken_processors(processors[1]));
        CHECK(CPU_EQUAL(&its, &one)); // somebody else's word
    }
    end.ring();
    helper.join();
}

TEST_CASE("a helper that does not run gets its caller's processor, and goes back", "[ops][parallel]") {
    std::atomic<bool> works{true};
    cpu::detail::bell go_on, end;
    std::thread helper([&] {
        while (works) cpu::detail::pause();
        go_on.ring();
        end.wait();
    });
    const pthread_t its_thread = helper.native_handle();
    const auto before = processors_of(its_thread);
    cpu::detail::place place;
    for (int i = 0; i < 100; ++i) place.bring(its_thread); // as it may be, while it works
    works = false;
    go_on.wait();
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    CHECK(place.bring(its_thread));
    auto its = processors_of(its_thread);
    CHECK(CPU_COUNT(&its) == 1);
    if (CPU_COUNT(&before) > 1) {
        int here = -1;
        for (int i = 0; i < CPU_SETSIZE; ++i)
            if (CPU_ISSET(static_cast<std::size_t>(i), &its)) here = i;
        place.note(here);
        for (const int callers : {-1, here}) { // wherever the caller goes, it is not bound to one
            place.bring(its_thread);
            place.note(here);
            cpu::detail::taken_processors taken(callers < 0 ? CPU_SETSIZE : callers);
            place.find(taken, its_thread);
            its = processors_of(its_thread);
            CHECK(CPU_COUNT(&its) == CPU_COUNT(&before) - (callers < 0 ? 0 : 1));
        }
    }
    end.ring();
    helper.join();
}
#endif

TEST_CASE("what a piece throws comes out as a walt::error, and the next region works", "[ops][parallel]") {
    for (const int threads : {1, 4}) {
        const with_threads so_many(threads);
        for (int again = 0; again < 20; ++again) {
            CHECK_THROWS_WITH(
                cpu::parallel(100, cpu::least_claim, [](std::int64_t i) { require(i != 57, "piece {} is wrong", i); }),
                "piece 57 is wrong");
            CHECK_THROWS_WITH(cpu::parallel(100, cpu::least_claim, [](std::int64_t) { throw std::bad_alloc(); }),
                              "out of memory on the cpu device");
            CHECK_THROWS_AS(cpu::parallel(3, cpu::least_claim, [](std::int64_t) { throw std::logic_error("no"); }),
                            walt::error);
            std::atomic<int> done{0};
            cpu::parallel(100, cpu::least_claim, [&](std::int64_t) { ++done; });
            CHECK(done == 100);
        }
    }
}

TEST_CASE("a thread that gets no memory in a region is a walt::error", "[ops][parallel]") {
    using shape = attention_shape<token_order<8, 8, 8, 8, 8, 8>, 1, 1, 8, 8, 2, 32, false, image_rule::identity>;
    constexpr int samples = 16, rows = 64 * samples;
    const with_threads two(2);
    std::thread([&] { // whose scratch memory is still to be had
        const with_threads here(2);
        cpu::context ctx;
        const auto run = [&] {
            const arena::scope scope(ctx.arena);
            const auto qkv = normals(ctx.arena.take<float, dynamic, 3 * shape::width>(rows), 1);
            const auto out = ctx.arena.take<float, dynamic, shape::width>(rows);
            const auto lse = ctx.arena.take<float, dynamic, shape::heads>(rows);
            const auto bias = normals(ctx.arena.take<float, shape::heads, shape::bias_size>(), 2);
            const auto is_image = ctx.arena.take<std::uint8_t, dynamic>(samples);
            std::fill_n(is_image.data(), samples, std::uint8_t{0});
            ops::window_attention<shape>(ctx, qkv, none{}, none{}, bias, is_image, out, lse);
            return bytes(out);
        };
        { // the arena has what it needs; the threads' scratch memory has nothing
            const arena::scope scope(ctx.arena);
            ctx.arena.take<std::byte, dynamic>(std::int64_t{1} << 24);
        }
        memory_is_there = false;
        CHECK_THROWS_WITH(run(), Catch::Matchers::Contains("out of memory"));
        memory_is_there = true;
        CHECK(run() == run());
    })
        .join();
}

TEST_CASE("linear maps and their gradients have the same bits for any number of threads", "[ops][parallel][linear]") {
    const auto results = []<class T>(T, int threads) {
        const with_threads so_many(threads);
        constexpr int rows = 700, K = 200, N = 300; // no multiple of a piece's rows and columns
        cpu::context ctx;
        const auto x = normals(ctx.arena.take<T, dynamic, K>(rows), 1), dx = ctx.arena.take<T, dynamic, K>(rows);
        const auto w = normals(ctx.arena.take<T, N, K>(), 2);
        const auto y = ctx.arena.take<T, dynamic, N>(rows), dy = normals(ctx.arena.take<T, dynamic, N>(rows), 3);
        const auto bias = normals(ctx.arena.take<float, N>(), 4), dbias = normals(ctx.arena.take<float, N>(), 5);
        const auto dw = normals(ctx.arena.take<float, N, K>(), 6);
        ops::linear(ctx, x, w, bias, y);
        ops::linear_grad_input(ctx, dy, w, dx);
        ops::linear_grad_weight(ctx, x, dy, dw, dbias);
        return std::vector{bytes(y), bytes(dx), bytes(dw), bytes(dbias)};
    };
    const auto in_float = results(float{}, 1), in_bf16 = results(bf16{}, 1);
    for (const int threads : {2, 3, 7}) {
        CHECK(results(float{}, threads) == in_float);
        CHECK(results(bf16{}, threads) == in_bf16);
    }
}
