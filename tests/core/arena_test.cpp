// The arena where its source has no more memory.
#include "../catch.hpp"

#include <walt/core/buffer.hpp>

using namespace walt;

TEST_CASE("what a source refuses leaves the arena as it was, and is not asked for again", "[core]") {
    constexpr std::int64_t kib = 1024, mib = 1024 * kib;
    arena small([](std::size_t bytes) {
        require(bytes <= 64 * mib, "out of memory: {} bytes were asked for", bytes);
        return allocate_host(bytes);
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
