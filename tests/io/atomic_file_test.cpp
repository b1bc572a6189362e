#include "../catch.hpp"
#include "../datasets/temporary_folder.hpp"

#include <walt/io/atomic_file.hpp>
#include <walt/io/read_file.hpp>

#include <algorithm>
#include <csignal>

#include <sys/resource.h>
#include <sys/wait.h>

namespace {

std::string text_of(const std::filesystem::path& path) {
    const std::vector<std::byte> bytes = walt::read_file(path);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
std::ptrdiff_t entries(const temporary_folder& folder) {
    return std::distance(std::filesystem::directory_iterator(folder.path), {});
}

/// While one lives, files cannot grow beyond so many bytes: a disk that is full.
class small_disk {
  public:
    explicit small_disk(rlim_t bytes) : before_(std::signal(SIGXFSZ, SIG_IGN)) {
        getrlimit(RLIMIT_FSIZE, &limit_);
        const rlimit small{bytes, limit_.rlim_max};
        setrlimit(RLIMIT_FSIZE, &small);
    }
    small_disk(const small_disk&) = delete;
    small_disk& operator=(const small_disk&) = delete;
    ~small_disk() {
        setrlimit(RLIMIT_FSIZE, &limit_);
        std::signal(SIGXFSZ, before_);
    }

  private:
    rlimit limit_{};
    void (*before_)(int);
};

/// While one lives, no file can be opened.
class few_files {
  public:
    few_files() {
        getrlimit(RLIMIT_NOFILE, &limit_);
        const rlimit none{0, limit_.rlim_max};
        setrlimit(RLIMIT_NOFILE, &none);
    }
    few_files(const few_files&) = delete;
    few_files& operator=(const few_files&) = delete;
    ~few_files() { setrlimit(RLIMIT_NOFILE, &limit_); }

  private:
    rlimit limit_{};
};

} // namespace

TEST_CASE("a file is replaced whole, and nothing else stays") {
    const temporary_folder folder;
    const auto path = folder.write("kept", "old");
    walt::write_atomically(path, "something new");
    CHECK(text_of(path) == "something new");
    const std::byte bytes[] = {std::byte{7}, std::byte{0}, std::byte{9}};
    walt::write_atomically(path, bytes);
    CHECK(text_of(path) == std::string("\x07\0\x09", 3));
    walt::write_atomically(folder.path / "empty", "");
    CHECK(text_of(folder.path / "empty").empty());
    CHECK(entries(folder) == 2);
}

TEST_CASE("pieces are seen when they are committed, and not before") {
    const temporary_folder folder;
    const auto path = folder.write("kept", "old");
    walt::atomic_file file(path);
    file.write("one, ");
    file.write("two");
    CHECK(text_of(path) == "old");
    file.commit();
    CHECK(text_of(path) == "one, two");
    CHECK(entries(folder) == 1);
}

TEST_CASE("without a commit the old file stays and the new bytes go") {
    const temporary_folder folder;
    const auto path = folder.write("kept", "old");
    {
        walt::atomic_file file(path);
        file.write("new");
        CHECK(entries(folder) == 2);
    }
    CHECK(text_of(path) == "old");
    CHECK(entries(folder) == 1);
}

TEST_CASE("a disk that fills up half-way leaves the old file") {
    const temporary_folder folder;
    const auto path = folder.write("kept", "old");
    {
        const small_disk full(4096);
        CHECK_THROWS_WITH(walt::write_atomically(path, std::string(10'000, 'x')),
                          Catch::Contains(path.string()) && Catch::Contains("be written: File too large"));
    }
    CHECK(text_of(path) == "old");
    CHECK(entries(folder) == 1);
}

TEST_CASE("a folder that cannot be opened to be synced is told") {
    const temporary_folder folder;
    const auto path = folder.write("kept", "old");
    walt::atomic_file file(path);
    file.write("new");
    {
        const few_files none_more;
        CHECK_THROWS_WITH(file.commit(), path.string() + " could not be synced with its folder: Too many open files");
    }
    CHECK(text_of(path) == "new");
    CHECK(entries(folder) == 1);
}

TEST_CASE("a folder in the way, or none, is told with the system's reason") {
    const temporary_folder folder;
    std::filesystem::create_directories(folder.path / "a" / "b");
    CHECK_THROWS_WITH(walt::write_atomically(folder.path / "a", "x"),
                      Catch::Contains((folder.path / "a").string()) &&
                          Catch::Contains("renamed into place: Is a directory"));
    CHECK_THROWS_WITH(walt::write_atomically(folder.path / "none" / "x", "x"),
                      Catch::Contains("created: No such file"));
    CHECK(entries(folder) == 1);
}

TEST_CASE("only files are read") {
    const temporary_folder folder;
    CHECK_THROWS_WITH(walt::read_file(folder.path), Catch::Contains("a folder"));
    CHECK_THROWS_WITH(walt::read_file(folder.path / "none"), Catch::Contains("no such file"));
    CHECK_THROWS_WITH(walt::read_file("/dev/null"), Catch::Contains("a device"));
}

TEST_CASE("two writers of one file do not get into each other's bytes") {
    const temporary_folder folder;
    walt::atomic_file first(folder.path / "a"), second(folder.path / "a");
    first.write("the first");
    second.write("second");
    second.commit();
    CHECK(text_of(folder.path / "a") == "second");
    first.commit();
    CHECK(text_of(folder.path / "a") == "the first");
    CHECK(entries(folder) == 1);
}

TEST_CASE("what a killed writer of a file left goes with the next one, and every other file stays") {
    const temporary_folder folder;
    const ::pid_t child = ::fork();
    if (child == 0) {
        walt::atomic_file(folder.path / "a").write("half");
        new walt::atomic_file(folder.path / "b"); // never committed nor removed
        ::_exit(0);
    }
    ::waitpid(child, nullptr, 0);
    CHECK(entries(folder) == 1);
    folder.write("b.tmp-1", "of another container, which died");
    for (const char* const name : {"notes.tmp-3", "b.tmp-5-x", "b.tmp-", ".tmp-7", "bb.tmp-7", "b.tmp-8.tmp-9"})
        folder.write(name, "the user's own");
    walt::write_atomically(folder.path / "a", "new");
    CHECK(entries(folder) == 9); // nobody has written b again
    walt::write_atomically(folder.path / "b", "new");
    CHECK(entries(folder) == 8);
    for (const char* const name : {"notes.tmp-3", "b.tmp-5-x", "b.tmp-", ".tmp-7", "bb.tmp-7", "b.tmp-8.tmp-9"})
        CHECK(text_of(folder.path / name) == "the user's own");
}

TEST_CASE("what a living writer of the same file has begun stays") {
    const temporary_folder folder;
    const auto path = folder.write("a.tmp-1", "half");
    const int file = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
    REQUIRE((file >= 0 && ::flock(file, LOCK_EX) == 0));
    walt::write_atomically(folder.path / "a", "new");
    CHECK(text_of(path) == "half");
    ::close(file);
}
