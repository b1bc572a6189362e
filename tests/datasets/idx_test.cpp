#include "../catch.hpp"
#include "idx_files.hpp"

#include <walt/data/idx.hpp>

#include <fstream>
#include <iterator>

#include <sys/stat.h>

namespace {
using Catch::Matchers::Contains;

std::string bytes_of(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}
} // namespace

TEST_CASE("an IDX file is read, gzipped or plain") {
    const temporary_folder folder;
    const std::string bytes = idx_header(8, {2, 3, 1}) + std::string("\x00\x01\x02\xfd\xfe\xff", 6);
    for (const auto& path : {write_gzip(folder, "a.gz", bytes), folder.write("a", bytes)}) {
        const walt::idx_array array = walt::read_idx(path, 3);
        CHECK(array.extents == std::vector<std::int64_t>{2, 3, 1});
        CHECK(array.values == std::vector<std::uint8_t>{0, 1, 2, 253, 254, 255});
    }
}

TEST_CASE("an IDX file that is not what it says is refused with its name") {
    const temporary_folder folder;
    const auto refused = [&](const std::string& bytes, const std::string& why) {
        CHECK_THROWS_WITH(walt::read_idx(write_gzip(folder, "hostile.gz", bytes), 2),
                          Contains("hostile.gz") && Contains(why));
        CHECK_THROWS_AS(walt::read_idx(folder.write("hostile", bytes), 2), walt::error);
    };
    refused("", "first two bytes");
    refused(std::string("\0\0\x08", 3), "first two bytes");
    refused("\x01" + idx_header(8, {2, 3}).substr(1) + "abcdef", "first two bytes");
    refused(idx_header(0x0d, {2, 3}) + "abcdef", "type 13");
    refused(idx_header(8, {6}) + "abcdef", "should have 2 axes; it has 1");
    refused(idx_header(8, {1, 2, 3}) + "abcdef", "should have 2 axes; it has 3");
    refused(idx_header(8, {2, 3}).substr(0, 9), "ends inside of its header");
    refused(idx_header(8, {2, 0}), "extent 0");
    refused(idx_header(8, {2, 3}) + "abcde", "should hold 6 bytes of values; it holds 5");
    refused(idx_header(8, {2, 3}) + "abcdefg", "goes on after its 6");
    // These claim up to 2^64 bytes: no more memory is taken than a file of its size may fill.
    refused(idx_header(8, {0xffffffffu, 0x7fffffffu}) + "abcdef", "of a file of its size at most 67108864 are read");
    refused(idx_header(8, {1u << 13, 1u << 13}) + "abcdef", "it holds 6");
    refused(idx_header(8, {0xffffffffu, 0xffffffffu}) + "abcdef", "too large");
    CHECK_THROWS_WITH(walt::read_idx(folder.path / "none.gz", 2), Contains("cannot be opened") && Contains("none.gz"));
}

TEST_CASE("a gzip stream that is damaged or cut off at any byte is refused") {
    const temporary_folder folder;
    std::string values;
    for (int i = 0; i < 600; ++i) values += static_cast<char>(i * i % 251);
    const std::string good = bytes_of(write_gzip(folder, "good.gz", idx_header(8, {20, 30}) + values));
    for (std::size_t cut = 0; cut < good.size(); ++cut)
        CHECK_THROWS_AS(walt::read_idx(folder.write("cut.gz", good.substr(0, cut)), 2), walt::error);
    for (std::size_t at = 10; at < good.size(); ++at) { // behind the gzip header, whose time and name mean nothing
        std::string bad = good;
        bad[at] = static_cast<char>(bad[at] ^ 0x55);
        CHECK_THROWS_AS(walt::read_idx(folder.write("bad.gz", bad), 2), walt::error);
    }
}

TEST_CASE("a pipe is no IDX file, and is not waited for") {
    const temporary_folder folder;
    REQUIRE(::mkfifo((folder.path / "pipe.idx").c_str(), 0600) == 0);
    CHECK_THROWS_WITH(walt::read_idx(folder.path / "pipe.idx", 1), Catch::Contains("cannot be opened"));
}
