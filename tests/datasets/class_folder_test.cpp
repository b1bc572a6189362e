#include "../catch.hpp"
#include "temporary_folder.hpp"

#include <walt/data/batches.hpp>
#include <walt/data/class_folder.hpp>
#include <walt/data/image_folder.hpp>
#include <walt/data/video_folder.hpp>

#include <png.h>

namespace {
using Catch::Matchers::Contains;

/// A flat grey PNG of 8 x 8.
void write_picture(const std::filesystem::path& path, int level) {
    const std::vector<std::uint8_t> rgb(8 * 8 * 3, static_cast<std::uint8_t>(level));
    png_image image{};
    image.version = PNG_IMAGE_VERSION;
    image.width = image.height = 8;
    image.format = PNG_FORMAT_RGB;
    std::filesystem::create_directories(path.parent_path());
    REQUIRE(png_image_write_to_file(&image, path.c_str(), 0, rgb.data(), 0, nullptr) != 0);
}
/// A grey video of 4 frames of 8 x 8.
std::string grey_video(char luma) {
    std::string bytes = "YUV4MPEG2 W8 H8 F8:1 Ip A1:1 C444\n";
    for (int f = 0; f < 4; ++f) bytes += "FRAME\n" + std::string(64, luma) + std::string(128, '\x80');
    return bytes;
}
} // namespace

TEST_CASE("a folder of class folders of images: classes by name, labels, the name as caption") {
    const temporary_folder folder;
    for (const int level : {10, 20}) write_picture(folder.path / "n02 dog" / (std::to_string(level) + ".png"), level);
    for (const int level : {30, 40, 50})
        write_picture(folder.path / "n01 cat" / (std::to_string(level) + ".PNG"), level);
    write_picture(folder.path / "n10 bird" / "60.png", 60);
    folder.write("n10 bird/boxes.xml", "not an image");
    folder.write("README.txt", "not an image either");
    std::filesystem::create_directory(folder.path / ".cache");

    const walt::class_folder<walt::image_folder> images(folder.path, {.height = 4, .width = 4});
    static_assert(walt::dataset<walt::class_folder<walt::image_folder>>);
    CHECK(images.names() == std::vector<std::string>{"n01 cat", "n02 dog", "n10 bird"});
    CHECK((images.classes() == 3 && images.size() == 6));
    const int labels[] = {0, 0, 0, 1, 1, 2}, levels[] = {30, 40, 50, 10, 20, 60};
    for (int i = 0; i < 6; ++i) {
        const walt::clip one = walt::clip_at(images, {}, i);
        CHECK(one.label == labels[i]);
        CHECK(one.caption == images.names()[static_cast<std::size_t>(labels[i])]);
        CHECK(one.pixels.front() == Approx(levels[i] / 127.5 - 1));
    }
    const walt::clips batch = walt::batches(images, {.batch = 6, .image_rate = 1})(0);
    std::vector<std::int32_t> seen = batch.labels;
    std::sort(seen.begin(), seen.end());
    CHECK(seen == std::vector<std::int32_t>{0, 0, 0, 1, 1, 2});
}

TEST_CASE("a folder of class folders of videos; their frames as images have labels too") {
    const temporary_folder folder;
    for (const char* name : {"run", "swim"}) std::filesystem::create_directory(folder.path / name);
    folder.write("run/a.y4m", grey_video('\x20'));
    folder.write("swim/b.y4m", grey_video('\x60'));
    folder.write("swim/c.y4m", "YUV4MPEG2 nonsense");
    const walt::class_folder<walt::video_folder> videos(folder.path, {.frames = 2, .height = 4, .width = 4});
    static_assert(walt::frame_dataset<walt::class_folder<walt::video_folder>>);
    CHECK(walt::clip_at(videos, {}, 0).label == 0);
    CHECK(walt::clip_at(videos, {}, 1).label == 1);
    const walt::clip other = walt::clip_at(videos, {}, 2); // in place of what cannot be read, with its own label
    CHECK(other.caption == videos.names()[static_cast<std::size_t>(other.label)]);
    CHECK(walt::frame_at(videos, {}, 1, 1).label == 1);
    CHECK(walt::clip_at(videos, {}, 0).caption == "run");
    CHECK(videos.unreadable() == 1);
}

TEST_CASE("folders that are no class folders are refused in a sentence") {
    const temporary_folder folder;
    using images = walt::class_folder<walt::image_folder>;
    CHECK_THROWS_WITH(images(folder.path / "none"), Contains("not a folder"));
    CHECK_THROWS_WITH(images(folder.path), Contains("no class folders"));
    write_picture(folder.path / "cat" / "a.png", 1);
    std::filesystem::create_directory(folder.path / "dog");
    CHECK_THROWS_WITH(images(folder.path), Contains("dog") && Contains("has no images"));
    folder.write("dog/b.mp4", "a video");
    CHECK_THROWS_WITH(images(folder.path), Contains("dog") && Contains("should hold images") && Contains("b.mp4"));
    std::filesystem::remove_all(folder.path / "dog");
    write_picture(folder.path / "b.png", 1);
    CHECK_THROWS_WITH(images(folder.path), Contains("'b.png'") && Contains("beside the class folders"));
}

TEST_CASE("a class folder that is a link to nowhere is an error: without it all later labels were others") {
    const temporary_folder folder;
    write_picture(folder.path / "a" / "1.png", 1);
    write_picture(folder.path / "c" / "1.png", 1);
    folder.write("list.txt", "a/1.png\nc/1.png\n");
    write_picture(folder.path / "elsewhere" / "b" / "1.png", 1);
    std::filesystem::create_directory_symlink(folder.path / "elsewhere" / "b", folder.path / "b");
    std::filesystem::rename(folder.path / "elsewhere", folder.path / ".hidden");
    using images = walt::class_folder<walt::image_folder>;
    CHECK_THROWS_WITH(images(folder.path), Contains("'b'") && Contains("leads nowhere"));
    CHECK_THROWS_WITH(images(folder.path, {folder.path / "list.txt"}), Contains("'b'") && Contains("leads nowhere"));
    std::filesystem::remove(folder.path / "b");
    std::filesystem::create_directory_symlink(folder.path / ".hidden" / "b", folder.path / "b");
    CHECK(images(folder.path).names() == std::vector<std::string>{"a", "b", "c"});
    CHECK(walt::clip_at(images(folder.path, {folder.path / "list.txt"}, {.height = 4, .width = 4}), {}, 1).label == 2);
}

TEST_CASE("an official list names a part of the files, and the classes keep its order") {
    const temporary_folder folder;
    for (const char* name : {"HammerThrow", "Hammering", "Basketball"}) // as UCF-101 sorts: HammerThrow last
        std::filesystem::create_directory(folder.path / name);
    for (const char* name : {"Basketball/a.y4m", "Basketball/b.y4m", "Hammering/a.y4m", "HammerThrow/a b.y4m"})
        folder.write(name, grey_video('\x20'));
    folder.write("train.txt", "\xEF\xBB\xBF"
                              "Basketball/b.y4m 1\r\nHammering/a.y4m 2\r\n\nHammerThrow/a b.y4m 3\n");
    folder.write("test.txt", "Hammering/a.y4m\nBasketball/a.y4m");
    folder.write("classes.txt", "1 Basketball\n2 Hammering\n3 HammerThrow\n");
    folder.write("names.txt", "Basketball\nHammering\nHammerThrow\n");

    using videos = walt::class_folder<walt::video_folder>;
    const walt::clip_reading how{.frames = 2, .height = 4, .width = 4};
    for (const char* order : {"classes.txt", "names.txt"}) {
        const videos train(folder.path, {folder.path / "train.txt", folder.path / order}, how);
        CHECK((train.size() == 3 && train.classes() == 3));
        CHECK(train.names() == std::vector<std::string>{"Basketball", "Hammering", "HammerThrow"});
        for (const std::int32_t i : {0, 1, 2}) CHECK(walt::clip_at(train, {}, i).label == i);
        CHECK(walt::clip_at(train, {}, 2).caption == "HammerThrow");
        const videos test(folder.path, {folder.path / "test.txt", folder.path / order}, how);
        CHECK((test.size() == 2 && test.classes() == 3));
        CHECK((walt::clip_at(test, {}, 0).label == 1 && walt::clip_at(test, {}, 1).label == 0));
    }
    // Spaces and tabs, as many as there are, between a name and its number and behind them.
    folder.write("tabs.txt", "Basketball/b.y4m\t1\nHammering/a.y4m 2 \t\nHammerThrow/a b.y4m \t 3\n");
    folder.write("tab_classes.txt", "1\tBasketball \n2  Hammering\n3 \tHammerThrow\n");
    const videos tabs(folder.path, {folder.path / "tabs.txt", folder.path / "tab_classes.txt"}, how);
    CHECK(tabs.names() == std::vector<std::string>{"Basketball", "Hammering", "HammerThrow"});
    REQUIRE(tabs.size() == 3);
    for (const std::int32_t i : {0, 1, 2}) CHECK(walt::clip_at(tabs, {}, i).label == i);
    // Without the order, names are sorted as bytes, and the list's own numbers say that this is not it.
    CHECK_THROWS_WITH(videos(folder.path, {folder.path / "train.txt"}, how),
                      Contains("line 2") && Contains("class 2") && Contains("Hammering/a.y4m") && Contains("class 3") &&
                          Contains("file_list::classes"));
}

TEST_CASE("a list of files without class folders has numbers, which begin where those of the classes do") {
    const temporary_folder folder;
    for (const int level : {10, 20, 30}) write_picture(folder.path / (std::to_string(level) + ".png"), level);
    folder.write("val.txt", "10.png 1\n20.png 0\n30.png 1\n");
    folder.write("synsets.txt", "n01\nn02\n");
    using images = walt::class_folder<walt::image_folder>;
    const images all(folder.path, {folder.path / "val.txt", folder.path / "synsets.txt"}, {.height = 4, .width = 4});
    CHECK((all.size() == 3 && all.classes() == 2));
    CHECK((walt::clip_at(all, {}, 0).label == 1 && walt::clip_at(all, {}, 1).label == 0));
    CHECK(walt::clip_at(all, {}, 2).caption == "n02");

    const auto refused = [&](const char* list, const char* classes) {
        folder.write("list.txt", list);
        folder.write("order.txt", classes);
        return images(folder.path, {folder.path / "list.txt", folder.path / "order.txt"});
    };
    CHECK_THROWS_WITH(refused("10.png 2\n", "n01\nn02\n"), Contains("class 2") && Contains("2 classes"));
    CHECK_THROWS_WITH(refused("10.png\n", "n01\n"), Contains("no class folder"));
    CHECK_THROWS_WITH(refused("10.png 0\n20.png 0\n10.png 0\n", "n01\n"), Contains("twice, in lines 1 and 3"));
    CHECK_THROWS_WITH(refused("40.png 0\n", "n01\n"), Contains("line 1") && Contains("'40.png'"));
    CHECK_THROWS_WITH(refused("10.mp4 0\n", "n01\n"), Contains("images"));
    CHECK_THROWS_WITH(refused("n03/10.png 0\n", "n01\n"), Contains("n03"));
    CHECK_THROWS_WITH(refused("10.png 0\n", "1 n01\n3 n02\n"), Contains("class 2") && Contains("3 n02"));
    CHECK_THROWS_WITH(refused("10.png 0\n", "1 n01\nn02\n"), Contains("class 2") && Contains("n02"));
    CHECK_THROWS_WITH(refused("10.png 0\n", "9223372036854775807 n01\n9223372036854775807 n02\n"),
                      Contains("line 1") && Contains("order.txt") && Contains("class 9223372036854775807;"));
    CHECK_THROWS_WITH(refused("10.png 1\n20.png -9223372036854775808\n", "1 n01\n"),
                      Contains("line 2") && Contains("list.txt") && Contains("class -9223372036854775808;"));
    CHECK_THROWS_WITH(refused("10.png 99999999999999999999\n", "n01\n"), Contains("class 99999999999999999999;"));
    CHECK_THROWS_WITH(refused("10.png -2147483648\n", "2147483647 n01\n"), // what 64 bits hold easily
                      Contains("class -2147483648; the 1 classes begin with 2147483647"));
    CHECK_THROWS_WITH(refused("", "n01\n"), Contains("lists no file"));
    CHECK_THROWS_WITH(refused("10.png 0\n", ""), Contains("names no class"));
    CHECK_THROWS_WITH(images(folder.path, {folder.path / "none.txt"}), Contains("no such file"));

    write_picture(folder.path / "n02" / "40.png", 40); // two classes of one name: a file in its folder is of the first
    const images named(
        folder.path, {folder.write("list.txt", "n02/40.png\n10.png 2\n"), folder.write("order.txt", "n01\nn02\nn02\n")},
        {.height = 4, .width = 4});
    CHECK((walt::clip_at(named, {}, 0).label == 1 && walt::clip_at(named, {}, 1).label == 2));
}
