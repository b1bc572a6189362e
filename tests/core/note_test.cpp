// Notes are lines on stderr, and nothing ends where these cannot be written.
#include "../catch.hpp"
#include "../watched_stderr.hpp"

#include <walt/core/note.hpp>

TEST_CASE("a note is a line on stderr, or nothing where it cannot be written") {
    watched_stderr watched(false);
    walt::detail::note("{} of {{{}}}", "one", 2);
    CHECK(watched.text() == "walt: one of {2}\n");
    const int full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
    REQUIRE(full >= 0);
    ::dup2(full, 2); // until `watched` ends
    ::close(full);
    CHECK_NOTHROW(walt::detail::note("nobody hears {}", "this"));
}
