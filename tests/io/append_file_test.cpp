// Files that grow: records are whole, and a failed write is said.
#include "../catch.hpp"
#include "../datasets/temporary_folder.hpp"

#include <walt/io/append_file.hpp>
#include <walt/io/read_file.hpp>

#include <csignal>

#include <sys/resource.h>

using walt::append_file;

namespace {
std::string text_of(const std::filesystem::path& file) {
    const auto bytes = walt::read_file(file);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
} // namespace

TEST_CASE("records follow what is there, each at once") {
    const temporary_folder folder;
    const auto path = folder.path / "new" / "log";
    append_file first(path);
    first.add("one\n");
    CHECK(text_of(path) == "one\n");
    append_file second(path);
    second.add("two\n");
    first.add("three\n");
    append_file moved = std::move(first);
    moved.add("");
    moved.add("four\n");
    CHECK(text_of(path) == "one\ntwo\nthree\nfour\n");
}

TEST_CASE("a file that cannot be written is said with the reason") {
    const temporary_folder folder;
    CHECK_THROWS_WITH(append_file(folder.path), Catch::Contains("cannot be opened for writing: Is a directory"));
    append_file full("/dev/full");
    CHECK_THROWS_WITH(full.add("something"),
                      Catch::Equals("/dev/full: a record of 9 bytes could not be added: No space left on device"));
}

TEST_CASE("of a record that does not fit nothing is left") {
    const temporary_folder folder;
    append_file log(folder.path / "log");
    log.add("whole\n");
    rlimit before{};
    REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
    const auto handler = std::signal(SIGXFSZ, SIG_IGN);
    const rlimit few{10, before.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &few) == 0); // 4 bytes of the next record fit
    std::string said;
    try {
        log.add("too long\n");
    } catch (const walt::error& problem) {
        said = problem.what();
    }
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &before) == 0);
    std::signal(SIGXFSZ, handler);
    CHECK(said == (folder.path / "log").string() + ": a record of 9 bytes could not be added: File too large");
    CHECK(text_of(folder.path / "log") == "whole\n");
    log.add("again\n");
    CHECK(text_of(folder.path / "log") == "whole\nagain\n");
}
