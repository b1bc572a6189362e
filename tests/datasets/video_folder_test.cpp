#include "../catch.hpp"
#include "temporary_folder.hpp"

#include <walt/data/batches.hpp>
#include <walt/data/video_folder.hpp>

#include <cmath>
#include <set>

namespace {
/// An uncompressed video of 8 x 12 pixels whose frame f has the brightness 10 (f + 1) of 255.
void write_video(const temporary_folder& folder, const char* name, int frames) {
    std::string bytes = "YUV4MPEG2 W12 H8 F8:1 Ip A1:1 C444\n";
    for (int f = 0; f < frames; ++f) {
        const auto luma = static_cast<char>(std::lround(16 + 219 * 10 * (f + 1) / 255.0));
        bytes += "FRAME\n" + std::string(96, luma) + std::string(192, '\x80');
    }
    folder.write(name, bytes);
}
/// Which frame of its file this one is.
double frame_of(float pixel) { return (static_cast<double>(pixel) + 1) * 127.5 / 10 - 1; }
} // namespace

TEST_CASE("clips of video files: frames at the stride, resized, with captions") {
    const temporary_folder folder;
    write_video(folder, "b.y4m", 20);
    write_video(folder, "a.y4m", 4); // too short
    folder.write("c.y4m", "YUV4MPEG2 nonsense");
    const walt::video_folder videos(folder.path,
                                    {.frames = 3, .height = 4, .width = 5, .stride = 2, .random_start = false});
    CHECK(videos.size() == 3);
    CHECK((videos.frames() == 3 && videos.height() == 4 && videos.width() == 5));
    for (int i = 0; i < 3; ++i) {
        const walt::clip one = walt::clip_at(videos, {}, i);
        CHECK(one.caption == "b");
        for (std::size_t p = 0; p < one.pixels.size(); ++p)
            REQUIRE(frame_of(one.pixels[p]) == Approx(2 * static_cast<double>(p / 60)).margin(0.2));
    }
    CHECK(videos.unreadable() == 2);
}

TEST_CASE("a random start is drawn from the seed and leaves room for the clip") {
    const temporary_folder folder;
    write_video(folder, "a.y4m", 10);
    const walt::video_folder videos(folder.path, {.frames = 3, .height = 8, .width = 12, .stride = 2});
    std::set<int> starts;
    for (std::uint64_t seed = 0; seed < 80; ++seed) {
        const walt::clip one = walt::clip_at(videos, walt::seed{seed}, 0);
        CHECK(one.pixels == walt::clip_at(videos, walt::seed{seed}, 0).pixels);
        starts.insert(static_cast<int>(std::lround(frame_of(one.pixels.front()))));
    }
    CHECK(starts == std::set<int>{0, 1, 2, 3, 4, 5});
    CHECK_THROWS_AS(walt::video_folder(folder.path, {.stride = 0}), walt::error);
}

TEST_CASE("clips of a part of each file: what is trained on and what is held out do not meet") {
    const temporary_folder folder;
    write_video(folder, "a.y4m", 20);
    const auto frames_of = [&](double from, double until) {
        const walt::video_folder part(folder.path,
                                      {.frames = 3, .height = 8, .width = 12, .from = from, .until = until});
        std::set<int> found;
        for (std::uint64_t seed = 0; seed < 120; ++seed) {
            const walt::clip one = walt::clip_at(part, walt::seed{seed}, 0);
            for (std::size_t f = 0; f < 3; ++f)
                found.insert(static_cast<int>(std::lround(frame_of(one.pixels[f * 3 * 8 * 12]))));
        }
        return found;
    };
    const auto trained = frames_of(0, 0.75), held_out = frames_of(0.75, 1);
    CHECK((*trained.begin() == 0 && *trained.rbegin() == 14 && trained.size() == 15));
    CHECK((*held_out.begin() == 15 && *held_out.rbegin() == 19 && held_out.size() == 5));
    const walt::video_folder beginning(folder.path,
                                       {.frames = 3, .height = 8, .width = 12, .from = 0.5, .random_start = false});
    CHECK(frame_of(walt::clip_at(beginning, {}, 0).pixels.front()) == Approx(10).margin(0.2));
    const walt::video_folder short_part(folder.path, {.frames = 3, .height = 8, .width = 12, .from = 0.9});
    CHECK_THROWS_WITH(walt::clip_at(short_part, {}, 0), Catch::Contains("no") || Catch::Contains("2 frames from 0.9"));
    CHECK_THROWS_WITH(walt::video_folder(folder.path, {.from = 0.5, .until = 0.5}),
                      Catch::Contains("0 <= from < until <= 1; it is 0.5 to 0.5"));
}

TEST_CASE("one frame alone is that frame of the clip, and a sample of a temporary folder is a batch") {
    const temporary_folder folder;
    write_video(folder, "a.y4m", 10);
    write_video(folder, "b.y4m", 7);
    const walt::batches make(
        walt::video_folder(folder.path, {.frames = 3, .height = 8, .width = 12, .stride = 2, .random_crop = true}),
        {.batch = 2, .image_rate = 0.5});
    make(0).check();
    const walt::video_folder videos(folder.path,
                                    {.frames = 3, .height = 6, .width = 6, .stride = 2, .random_crop = true});
    for (std::uint64_t seed = 0; seed < 10; ++seed)
        for (int i = 0; i < 2; ++i) {
            const walt::clip whole = walt::clip_at(videos, walt::seed{seed}, i);
            for (int f = 0; f < 3; ++f) {
                const walt::clip still = walt::frame_at(videos, walt::seed{seed}, i, f);
                CHECK(std::equal(still.pixels.begin(), still.pixels.end(), whole.pixels.begin() + f * 108));
                CHECK(still.caption == whole.caption);
            }
        }
}

TEST_CASE("several clips of each file begin in parts of it one after another") {
    const temporary_folder folder;
    write_video(folder, "a.y4m", 22);
    write_video(folder, "b.y4m", 22);
    const walt::video_folder videos(folder.path, {.frames = 3, .height = 8, .width = 12, .clips = 4});
    REQUIRE(videos.size() == 8);
    for (std::uint64_t seed = 0; seed < 20; ++seed)
        for (std::int64_t i = 0; i < 8; ++i) {
            const walt::clip one = walt::clip_at(videos, walt::seed{seed}, i);
            CHECK(one.caption == (i < 4 ? "a" : "b"));
            const double start = frame_of(one.pixels.front());
            CHECK((start > 5 * static_cast<double>(i % 4) - 0.3 && start < 5 * static_cast<double>(i % 4) + 4.3));
        }
}

TEST_CASE("at another rate a clip's frames are those that are shown at its times") {
    const temporary_folder folder;
    write_video(folder, "a.y4m", 20);
    const double rate = walt::probe(folder.path / "a.y4m").frames_per_second;
    for (const auto& [asked, apart] : {std::pair{rate / 2, 2.0}, {rate * 2, 0.5}}) {
        const walt::video_folder videos(folder.path,
                                        {.frames = 5, .height = 8, .width = 12, .rate = asked, .random_start = false});
        const walt::clip one = walt::clip_at(videos, {}, 0);
        for (std::size_t f = 0; f < 5; ++f)
            CHECK(frame_of(one.pixels[f * 288]) == Approx(std::floor(apart * static_cast<double>(f))).margin(0.2));
    }
    CHECK(walt::count_frames(folder.path / "a.y4m", rate / 2) == 10);
    CHECK(walt::count_frames(folder.path / "a.y4m", rate * 2) == 40);
}
