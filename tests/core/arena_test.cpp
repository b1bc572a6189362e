// The arena where its source has no more memory, and what it takes of the host's.
#include "../catch.hpp"

#include <walt/core/buffer.hpp>

#include <fstream>

#if defined(__linux__)
#include <sys/resource.h>
#include <unistd.h>
#endif

#if defined(__SANITIZE_THREAD__)
#define WALT_THREAD_SANITIZER
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define WALT_THREAD_SANITIZER
#endif
#endif

using namespace walt;

namespace {
constexpr std::int64_t kib = 1024, mib = 1024 * kib;
}

TEST_CASE("what a source refuses leaves the arena as it was, and is not asked for again", "[core]") {
    std::size_t given = 0; // of 64 MiB
    arena small([&given](std::size_t bytes) {
        require(given + bytes <= 64 * mib, "out of memory: {} bytes were asked for", bytes);
        const memory block = allocate_host(bytes);
        given += bytes;
        return memory(block.get(), [block, bytes, &given](std::byte*) { given -= bytes; });
    });
    for (int pass = 0; pass < 2; ++pass) {
        const arena::scope scope(small);
        const auto first = small.take<std::byte, dynamic>(512 * kib);
        const auto place = small.place();
        const std::size_t held = small.held();
        CHECK_THROWS_WITH((small.take<std::byte, dynamic>(100 * mib)), Catch::Contains("out of memory"));
        CHECK(small.place() == place);
        CHECK((small.used() == 512 * kib && small.held() == held));
        CHECK(small.peak() == (pass == 0 ? 512 * kib : 2 * mib + 768 * kib));
        const auto behind = small.take<std::byte, dynamic>(256 * kib); // of what is left of the first piece
        CHECK(behind.data() == first.data() + 512 * kib);
        if (pass == 0) small.take<std::byte, dynamic>(2 * mib);
    }
    CHECK(small.peak() == 2 * mib + 768 * kib);
    const arena::scope scope(small);
    small.take<std::byte, dynamic>(50 * mib); // a smaller pass works
    CHECK_THROWS_AS((small.take<std::byte, dynamic>(15 * mib)), error);
}

TEST_CASE("an arena that would grow by more than there is takes what it needs", "[core]") {
    std::size_t given = 0; // of 48 MiB
    arena growing([&given](std::size_t bytes) {
        require(given + bytes <= 48 * mib, "out of memory: {} bytes were asked for", bytes);
        given += bytes;
        return allocate_host(bytes);
    });
    const arena::scope scope(growing);
    growing.take<std::byte, dynamic>(32 * mib);
    growing.take<std::byte, dynamic>(10 * mib); // and not 42 more
    CHECK((growing.held() == 42 * mib && growing.peak() == 42 * mib));
    CHECK_THROWS_WITH((growing.take<std::byte, dynamic>(7 * mib)),
                      Catch::Equals(fmt::format("out of memory: {} bytes were asked for", 7 * mib)));
    growing.take<std::byte, dynamic>(6 * mib);
    CHECK(growing.held() == 48 * mib);
}

TEST_CASE("host memory is zeros on a boundary, small or large, also where others were before", "[core]") {
    for (const std::int64_t size : {std::int64_t{1}, 100 * kib, 4 * mib - 1, 4 * mib, 9 * mib + 5})
        for (int again = 0; again < 3; ++again) {
            const memory block = allocate_host(static_cast<std::size_t>(size));
            CHECK(reinterpret_cast<std::uintptr_t>(block.get()) % alignment == 0);
            CHECK(std::all_of(block.get(), block.get() + size, [](std::byte one) { return one == std::byte{0}; }));
            std::memset(block.get(), 0xff, static_cast<std::size_t>(size));
        }
    for (const std::size_t beyond : {~std::size_t{0}, ~std::size_t{0} - 100, std::size_t{1} << 62})
        CHECK_THROWS_WITH(allocate_host(beyond),
                          Catch::Equals(fmt::format("out of memory: {} bytes were asked for", beyond)));
}

#if defined(__linux__) && !defined(WALT_THREAD_SANITIZER) // which keeps memory of its own beside what is touched
namespace {
/// Bytes of memory that this process has.
std::int64_t resident() {
    std::int64_t all = 0, there = 0;
    std::ifstream("/proc/self/statm") >> all >> there;
    return there * sysconf(_SC_PAGESIZE);
}
} // namespace

TEST_CASE("a first pass takes the memory that it touches, and a third faults no page in", "[core]") {
    arena growing(allocate_host);
    std::int64_t taken = 0;
    const auto pass = [&] {
        const arena::scope scope(growing);
        const std::int64_t before = resident();
        for (int part = 0; part < 17; ++part) { // the 17th is the first of a piece as large as all before
            const auto of = growing.take<std::byte, dynamic>(4 * mib);
            std::memset(of.data(), 1, static_cast<std::size_t>(of.size()));
        }
        taken = resident() - before;
        return growing.held();
    };
    CHECK(pass() > 120 * mib);
    CHECK(taken > 60 * mib);
    CHECK(taken < 80 * mib);
    CHECK(pass() == 68 * mib);
    rusage before{}, after{};
    getrusage(RUSAGE_SELF, &before);
    pass();
    getrusage(RUSAGE_SELF, &after);
    CHECK(after.ru_minflt - before.ru_minflt < 100); // 34 large pages, or 17408 small ones, were there
}
#endif
