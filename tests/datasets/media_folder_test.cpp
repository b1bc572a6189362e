#include "../catch.hpp"
#include "temporary_folder.hpp"

#include <walt/data/media_folder.hpp>

#include <map>
#include <new>
#include <stdexcept>
#include <thread>

namespace {
using Catch::Matchers::Contains;

/// What the file says, unless it says "broken".
std::string content(const walt::media_file& file) {
    std::string text;
    std::ifstream(file.path) >> text;
    walt::require(!text.empty() && text != "broken", "this file is broken");
    return text;
}
std::string at(const walt::media_folder& files, std::int64_t index) {
    std::string text;
    files.with(walt::seed{3}, index, [&](const walt::media_file& file) { text = content(file); });
    return text;
}
} // namespace

TEST_CASE("without captions.txt a folder is its files with the right endings, in order, captioned by their stem") {
    const temporary_folder folder;
    for (const char* name : {"c.png", "a red boot.PNG", "b.txt", "b.png"}) folder.write(name, "x");
    std::filesystem::create_directory(folder.path / "folder.png");
    const auto files = walt::list_media(folder.path, walt::media::image);
    REQUIRE(files.size() == 3);
    CHECK(files[0].path.filename() == "a red boot.PNG");
    CHECK(files[0].caption == "a red boot");
    CHECK(files[1].caption == "b");
    CHECK(files[2].caption == "c");
}

TEST_CASE("captions.txt names the files and their captions") {
    const temporary_folder folder;
    for (const char* name : {"c.png", "a.png", "b.png"}) folder.write(name, "x");
    folder.write("captions.txt", "c.png\ta coat\r\n\na.png\ta\tbag\n");
    const auto files = walt::list_media(folder.path, walt::media::image);
    REQUIRE(files.size() == 2);
    CHECK((files[0].path.filename() == "a.png" && files[0].caption == "a\tbag"));
    CHECK((files[1].path.filename() == "c.png" && files[1].caption == "a coat"));

    folder.write("captions.txt", "a.png\ta bag\nc.png a coat\n");
    CHECK_THROWS_WITH(walt::list_media(folder.path, walt::media::image),
                      Contains("line 2") && Contains("captions.txt"));
    folder.write("captions.txt", "a.png\ta bag\na.png\ta coat\n");
    CHECK_THROWS_WITH(walt::list_media(folder.path, walt::media::image), Contains("twice"));
    CHECK_THROWS_WITH(walt::list_media(folder.path / "none", walt::media::image), Contains("not a folder"));
}

TEST_CASE("lines end with LF, CR LF or CR, and a line of blanks is none") {
    const temporary_folder folder;
    for (const char* name : {"x.jpg", "y z.png"}) folder.write(name, "x");
    for (const std::string end : {"\n", "\r\n", "\r"})
        for (const std::string& last : {std::string(), end}) {
            folder.write("captions.txt", "x.jpg\tone " + end + end + " \t " + end + "y z.png\ttwo" + last);
            const auto files = walt::list_media(folder.path, walt::media::image);
            REQUIRE(files.size() == 2);
            CHECK((files[0].path.filename() == "x.jpg" && files[0].caption == "one "));
            CHECK((files[1].path.filename() == "y z.png" && files[1].caption == "two"));
            folder.write("captions.txt", "x.jpg\tone" + end + end + "y z.png two" + end);
            CHECK_THROWS_WITH(walt::list_media(folder.path, walt::media::image), Contains("line 3 "));
        }
}

TEST_CASE("an empty folder is refused") {
    const temporary_folder folder;
    folder.write("a.txt", "x");
    CHECK_THROWS_WITH(walt::list_media(folder.path, walt::media::image), Contains(".png"));
}

TEST_CASE("a file that cannot be read is counted once and replaced by one that can, for every thread") {
    const temporary_folder folder;
    for (const char* name : {"a", "d"}) folder.write(std::string(name) + ".png", name);
    for (const char* name : {"b", "c", "e"}) folder.write(std::string(name) + ".png", "broken");
    const walt::media_folder files(walt::list_media(folder.path, walt::media::image));
    const walt::media_folder copy = files;
    CHECK(files.size() == 5);
    CHECK(files.unreadable() == 0);
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([&] {
            for (int i = 0; i < 5; ++i) at(files, i);
        });
    for (std::thread& thread : threads) thread.join();
    std::string all;
    for (int i = 0; i < 5; ++i) all += at(copy, i);
    CHECK(all.size() == 5);
    CHECK((all[0] == 'a' && all[3] == 'd' && all.find_first_not_of("ad") == all.npos));
    CHECK(copy.unreadable() == 3);
}

TEST_CASE("a folder of which nothing can be read says so") {
    const temporary_folder folder;
    folder.write("captions.txt", "gone.png\ta\nlost.png\tb\n");
    const walt::media_folder files(walt::list_media(folder.path, walt::media::image));
    const auto says_so = [&](std::int64_t index) {
        CHECK_THROWS_WITH(at(files, index), Contains("none of the 2 files") && Contains(folder.path.string()) &&
                                                Contains("can be read: this file is broken"));
    };
    says_so(1);
    CHECK(files.unreadable() == 2);
    says_so(0); // nothing is read any more
}

TEST_CASE("whatever a file throws it is skipped, and those that replace it come evenly") {
    const temporary_folder folder;
    for (int i = 0; i < 10; ++i) {
        folder.write(fmt::format("good{}.png", i), fmt::format("{}", i));
        folder.write(fmt::format("bad{}.png", i), "x"); // ten neighbours by name
        folder.write(fmt::format("._good{}.png", i), "hidden");
    }
    const walt::media_folder files(walt::list_media(folder.path, walt::media::image));
    REQUIRE(files.size() == 20);
    std::map<char, int> times;
    for (std::uint64_t epoch = 0; epoch < 50; ++epoch)
        for (std::int64_t i = 0; i < 20; ++i)
            files.with(walt::seed{epoch}, i, [&](const walt::media_file& file) {
                const std::string text = content(file);
                if (text == "x" && i % 3 == 0) throw std::bad_alloc();
                if (text == "x" && i % 3 == 1) throw std::runtime_error("not walt's own");
                if (text == "x") throw 3;
                ++times[text[0]];
            });
    CHECK(files.unreadable() == 10);
    REQUIRE(times.size() == 10);
    for (const auto& [name, number] : times) CHECK((number > 70 && number < 130)); // fair: 100
}

TEST_CASE("links that lead nowhere are files that cannot be read; a list that cannot be read is an error") {
    const temporary_folder folder;
    folder.write("a.png", "a");
    std::filesystem::create_symlink("loop.png", folder.path / "loop.png");
    std::filesystem::create_symlink("gone", folder.path / "nowhere.png");
    const walt::media_folder files(walt::list_media(folder.path, walt::media::image));
    REQUIRE(files.size() == 3);
    for (int i = 0; i < 3; ++i) CHECK(at(files, i) == "a");
    CHECK(files.unreadable() == 2);
    std::filesystem::create_directory(folder.path / "captions.txt");
    CHECK_THROWS_WITH(walt::list_media(folder.path, walt::media::image), Contains("captions.txt"));
}

TEST_CASE("files count by their endings, in any case; hidden ones and what lies in folders inside do not") {
    const temporary_folder folder;
    for (const char* name : {"a.MP4", "b.Mpg", "c.mkv", "d.GIF", "e.ts", ".hidden.mp4", "notes.txt", "f.jpeg", "g.JPG"})
        folder.write(name, "x");
    std::filesystem::create_directory(folder.path / "more.mp4");
    folder.write("more.mp4/h.mp4", "x");
    const auto names = [&](walt::media kind) {
        std::string all;
        for (const walt::media_file& file : walt::list_media(folder.path, kind)) all += file.caption;
        return all;
    };
    CHECK(names(walt::media::video) == "abcde");
    CHECK(names(walt::media::image) == "fg");
}
