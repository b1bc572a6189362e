// TensorBoard's event files, read again by a reader of the test's own.
#include "../datasets/temporary_folder.hpp"
#include "event_files.hpp"

#include <walt/io/event_file.hpp>
#include <walt/io/mp4.hpp>

#include <fstream>

using namespace walt;

namespace {
video shades(int frames) {
    video made{frames, 6, 9, {}};
    for (int i = 0; i < frames * 6 * 9 * 3; ++i) made.rgb.push_back(static_cast<std::uint8_t>(i % 54 * 4));
    return made;
}
} // namespace

TEST_CASE("CRC-32C is iSCSI's") {
    CHECK(detail::crc32c("123456789") == 0xe3069283u);
    CHECK(detail::crc32c(std::string(32, '\0')) == 0x8a9136aau);
    CHECK(detail::crc32c("") == 0);
}

TEST_CASE("scalars, images, videos and texts come back from an event file") {
    const temporary_folder folder;
    event_file file(folder.path / "run");
    file.scalar(0, "loss", 0.1);
    file.scalars(3'000'000'000,
                 std::vector<std::pair<std::string, double>>{{"a", -2}, {"Frechet (item features)", 1e-3}});
    file.image(7, "frame", shades(2), 1);
    file.animation(300, "samples", shades(3));
    file.text(1, "settings", R"({"seed":1})");

    const auto found = events::read(file.path());
    REQUIRE(found.size() == 6);
    CHECK(found[0].text(3) == "brain.Event:2");
    CHECK(found[1].number(2) == 0);
    CHECK(events::values(found[1])[0].text(1) == "loss");
    CHECK(events::real(events::values(found[1])[0]) == 0.1f);
    CHECK(found[2].number(2) == 3'000'000'000u);
    REQUIRE(events::values(found[2]).size() == 2);
    CHECK(events::real(events::values(found[2])[0]) == -2);
    CHECK(events::values(found[2])[1].text(1) == "Frechet (item features)");
    CHECK(events::real(events::values(found[2])[1]) == 1e-3f);

    const auto picture = [&](std::size_t event, const char* name, const char* as) {
        const events::message value = events::values(found[event]).at(0), image(value.text(4));
        CHECK(value.text(1) == name);
        CHECK((image.number(1) == 6 && image.number(2) == 9 && image.number(3) == 3));
        std::ofstream(folder.path / as) << image.text(4);
        return folder.path / as;
    };
    const video whole = shades(2), frame = read_png(picture(3, "frame", "a.png"));
    CHECK(std::equal(frame.rgb.begin(), frame.rgb.end(), whole.frame(1)));
    CHECK(read_video(picture(4, "samples", "a.gif")).rgb == shades(3).rgb);

    const events::message value = events::values(found[5]).at(0);
    CHECK(events::message(value.text(8)).text(8) == R"({"seed":1})");
    CHECK(events::message(value.text(8)).number(1) == 7); // DT_STRING
    CHECK(events::message(events::message(value.text(9)).text(1)).text(1) == "text");
}

TEST_CASE("a run that goes on has a file of its own, which takes back what is behind its step") {
    const temporary_folder folder;
    const event_file before(folder.path), after(folder.path, 40);
    CHECK(before.path() < after.path());
    const auto found = events::read(after.path());
    REQUIRE(found.size() == 2);
    CHECK(found[1].number(2) == 41);
    CHECK(events::message(found[1].text(7)).number(1) == 1); // SessionLog.START
}
