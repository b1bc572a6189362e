#include "../catch.hpp"
#include "../datasets/temporary_folder.hpp"

#include <walt/core/philox.hpp>
#include <walt/data/long_video.hpp>
#include <walt/io/mp4.hpp>
#include <walt/io/read_file.hpp>

#include <malloc.h>
#include <sys/stat.h>

namespace {

/// Frame f is a gradient whose blue is 20 f.
walt::video gradients(int frames, int height, int width) {
    walt::video made{frames, height, width, {}};
    for (int f = 0; f < frames; ++f)
        for (int y = 0; y < height; ++y)
            for (int x = 0; x < width; ++x)
                for (const int level : {200 * x / width, 220 * y / height, 20 * f})
                    made.rgb.push_back(static_cast<std::uint8_t>(level));
    return made;
}
double mean_difference(const walt::video& a, const walt::video& b) {
    REQUIRE(a.rgb.size() == b.rgb.size());
    double sum = 0;
    for (std::size_t i = 0; i < a.rgb.size(); ++i) sum += std::abs(a.rgb[i] - b.rgb[i]);
    return sum / static_cast<double>(a.rgb.size());
}
walt::video frame_of(const walt::video& from, int f) {
    return {1, from.height, from.width, {from.frame(f), from.frame(f) + from.frame_size()}};
}

/// An uncompressed video whose frame f is grey of the level 16 + f.
std::string y4m(int frames, const std::string& size = "W12 H8", std::size_t pixels = 96) {
    std::string bytes = "YUV4MPEG2 " + size + " F24:1 Ip A1:1 C444\n";
    for (int f = 0; f < frames; ++f)
        bytes += "FRAME\n" + std::string(pixels, static_cast<char>(16 + f)) + std::string(2 * pixels, '\x80');
    return bytes;
}

} // namespace

TEST_CASE("a video comes back nearly as it was, with its size and rate") {
    const temporary_folder folder;
    const walt::video from = gradients(11, 48, 64);
    walt::write_mp4(folder.path / "a.mp4", from, 12.5, 2);
    const walt::video back = walt::read_video(folder.path / "a.mp4");
    CHECK((back.frames == 11 && back.height == 96 && back.width == 128));
    CHECK(mean_difference(walt::upscale(from, 2), back) < 3);
    for (int f = 0; f < 11; ++f)
        CHECK(mean_difference(frame_of(walt::upscale(from, 2), f), frame_of(back, f)) < 4); // in order
    const walt::video_facts facts = walt::probe(folder.path / "a.mp4");
    CHECK((facts.frames == 11 && facts.height == 96 && facts.width == 128));
    CHECK(facts.frames_per_second == Approx(12.5));
    CHECK(std::distance(std::filesystem::directory_iterator(folder.path), {}) == 1);
}

TEST_CASE("small videos are enlarged, odd ones rounded up") {
    const temporary_folder folder;
    walt::write_mp4(folder.path / "a.mp4", gradients(2, 40, 50));
    CHECK(walt::probe(folder.path / "a.mp4").height == 200);
    walt::write_mp4(folder.path / "a.mp4", gradients(2, 2, 600)); // 192 rows would make it wider than encoders go
    CHECK((walt::probe(folder.path / "a.mp4").height == 12 && walt::probe(folder.path / "a.mp4").width == 3600));
    const walt::video odd = gradients(3, 33, 45);
    walt::write_mp4(folder.path / "a.mp4", odd, 8, 1);
    const walt::video back = walt::read_video(folder.path / "a.mp4");
    REQUIRE((back.height == 34 && back.width == 46));
    walt::video inner{3, 33, 45, {}};
    for (int f = 0; f < 3; ++f)
        for (int y = 0; y < 33; ++y)
            inner.rgb.insert(inner.rgb.end(), back.frame(f) + 3 * 46 * y, back.frame(f) + 3 * (46 * y + 45));
    CHECK(mean_difference(odd, inner) < 4);
    walt::write_mp4(folder.path / "one.mp4", gradients(1, 1, 1), 8, 1);
    CHECK(walt::read_video(folder.path / "one.mp4").frames == 1);
}

TEST_CASE("the same video makes the same bytes") {
    const temporary_folder folder;
    walt::write_mp4(folder.path / "a.mp4", gradients(5, 32, 48));
#ifdef M_PERTURB
    mallopt(M_PERTURB, 85); // whatever is in memory that is new
#endif
    walt::write_mp4(folder.path / "b.mp4", gradients(5, 32, 48));
#ifdef M_PERTURB
    mallopt(M_PERTURB, 0);
#endif
    CHECK(walt::read_file(folder.path / "a.mp4") == walt::read_file(folder.path / "b.mp4"));
}

TEST_CASE("clips are the frames that were asked for") {
    const temporary_folder folder;
    const auto path = folder.write("a: odd name.y4m", y4m(20));
    const walt::video whole = walt::read_video(path), clip = walt::read_clip(path, 3, 4, 5);
    CHECK((whole.frames == 20 && whole.height == 8 && whole.width == 12 && whole.complete()));
    REQUIRE((clip.frames == 4 && clip.complete()));
    for (int f = 0; f < 4; ++f) CHECK(frame_of(clip, f).rgb == frame_of(whole, 3 + 5 * f).rgb);
    CHECK(frame_of(whole, 0).rgb != frame_of(whole, 1).rgb);
    CHECK(walt::read_video(path, 7).frames == 7);
    CHECK(walt::read_clip(path, 18, 9).frames == 2);
    CHECK((walt::probe(path).frames == 20 && walt::count_frames(path) == 20));
    CHECK(walt::read_up_to(path, 20, 3).frames == 0);
    CHECK_THROWS_WITH(walt::read_clip(path, 20, 1),
                      Catch::Contains("20 frames") && Catch::Contains("begin at frame 20"));
    CHECK_THROWS_AS(walt::read_clip(path, -1, 1), walt::error);
    CHECK_THROWS_AS(walt::read_clip(path, 0, 1, 0), walt::error);
    CHECK_THROWS_AS(walt::read_video(path, 0), walt::error);
}

TEST_CASE("what is no video, or too large, is refused with its name and FFmpeg's reason") {
    const temporary_folder folder;
    CHECK_THROWS_WITH(walt::read_video(folder.path / "none.mp4"),
                      Catch::Contains("none.mp4") && Catch::Contains("no such file"));
    CHECK_THROWS_WITH(walt::read_video(folder.write("a.mp4", "no video")),
                      Catch::Contains("a.mp4") && Catch::Contains("Invalid data"));
    CHECK_THROWS_AS(walt::read_video(folder.write("a.mp4", "")), walt::error);
    CHECK_THROWS_AS(walt::read_video(folder.path), walt::error);
    CHECK_THROWS_AS(walt::read_video(folder.write("a.y4m", y4m(0))), walt::error);
    CHECK_THROWS_AS(walt::read_video(folder.write("a.y4m", y4m(1, "W20000 H20000"))), walt::error);
    const walt::video good = gradients(2, 16, 16);
    CHECK_THROWS_WITH(walt::write_mp4(folder.path / "b.mp4", walt::video{2, 3, 4, {1}}), Catch::Contains("1 bytes"));
    CHECK_THROWS_WITH(walt::write_mp4(folder.path / "b.mp4", good, 0), Catch::Contains("frames per second"));
    CHECK_THROWS_WITH(walt::write_mp4(folder.path / "b.mp4", good, 8, -1), Catch::Contains("-1"));
    CHECK_THROWS_WITH(walt::write_mp4(folder.path / "no" / "b.mp4", good), Catch::Contains("could not be created"));
    CHECK(!std::filesystem::exists(folder.path / "b.mp4"));
}

TEST_CASE("changed and cut bytes are read or refused, and nothing else") {
    const temporary_folder folder;
    walt::write_mp4(folder.path / "a.mp4", gradients(4, 16, 32), 8, 1);
    const std::vector<std::byte> bytes = walt::read_file(folder.path / "a.mp4");
    const std::string whole(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    const walt::philox numbers{6, 1};
    int refused = 0;
    for (std::uint64_t n = 0; n < 300; ++n) {
        std::string changed = whole.substr(
            0, n % 3 == 0 ? numbers.below(8 * n + 6, static_cast<std::uint32_t>(whole.size())) : whole.size());
        for (std::uint64_t i = 0; i < 3 && !changed.empty(); ++i)
            changed[numbers.below(8 * n + i, static_cast<std::uint32_t>(changed.size()))] =
                static_cast<char>(numbers.bits(8 * n + 3 + i));
        try {
            const walt::video read = walt::read_video(folder.write("b.mp4", changed), 100);
            CHECK(read.complete());
        } catch (const walt::error&) {
            ++refused;
        }
    }
    CHECK(refused > 80);
}

namespace {
std::string text_of(const std::filesystem::path& of) {
    const std::vector<std::byte> bytes = walt::read_file(of);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
} // namespace

TEST_CASE("a phone's video is upright: it is turned as its display matrix says") {
    const temporary_folder folder;
    walt::video lying{2, 64, 96, std::vector<std::uint8_t>(std::size_t{2} * 64 * 96 * 3, 20)};
    for (int f = 0; f < 2; ++f) // the stored picture's upper left is bright
        for (int y = 0; y < 32; ++y)
            std::fill_n(lying.frame(f) + std::ptrdiff_t{3} * 96 * y, 3 * 48, std::uint8_t{230});
    walt::write_mp4(folder.path / "a.mp4", lying, 8, 1);
    const std::string plain = text_of(folder.path / "a.mp4");
    const std::size_t matrix = plain.find("tkhd") + 44;
    const std::int32_t one = 1 << 16;
    struct turned {
        std::int32_t a, b, c, d;
        bool right, low; // where the bright corner is then
    };
    for (const turned& t : {turned{one, 0, 0, one, false, false}, turned{0, one, -one, 0, true, false},
                            turned{-one, 0, 0, -one, true, true}, turned{0, -one, one, 0, false, true},
                            turned{-one, 0, 0, one, true, false}}) {
        std::string bytes = plain;
        for (const auto& [place, value] : {std::pair{0, t.a}, {1, t.b}, {3, t.c}, {4, t.d}})
            for (int i = 0; i < 4; ++i)
                bytes[matrix + static_cast<std::size_t>(4 * place + i)] = static_cast<char>(value >> (24 - 8 * i));
        const auto path = folder.write("phone.mp4", bytes);
        const walt::video shown = walt::read_video(path);
        const walt::video_facts facts = walt::probe(path);
        CHECK((shown.height == (t.a == 0 ? 96 : 64) && shown.width == (t.a == 0 ? 64 : 96)));
        CHECK((facts.height == shown.height && facts.width == shown.width));
        for (const bool low : {false, true})
            for (const bool right : {false, true}) {
                const int y = low ? shown.height - 9 : 8, x = right ? shown.width - 9 : 8;
                CHECK((shown.frame(0)[3 * (y * shown.width + x)] > 200) == (low == t.low && right == t.right));
            }
    }
}

TEST_CASE("pixels that are not square become it, and what is transparent lies over black") {
    const temporary_folder folder;
    const auto wide =
        folder.write("wide.y4m", "YUV4MPEG2 W12 H8 F24:1 Ip A2:1 C444\nFRAME\n" + std::string(288, '\x80'));
    CHECK((walt::probe(wide).height == 8 && walt::probe(wide).width == 24));
    CHECK((walt::read_video(wide).height == 8 && walt::read_video(wide).width == 24));
    const auto high =
        folder.write("high.y4m", "YUV4MPEG2 W12 H8 F24:1 Ip A1:2 C444\nFRAME\n" + std::string(288, '\x80'));
    CHECK((walt::read_video(high).height == 16 && walt::read_video(high).width == 12));
    const std::string gif(
        "GIF89a\2\0\1\0\x80\0\0\xFF\xFF\xFF\x0A\xC8\x1E!\xF9\4\1\0\0\0\0,\0\0\0\0\2\0\1\0\0\2\2\x44\x0A\0;", 43);
    const walt::video clear = walt::read_video(folder.write("clear.gif", gif));
    REQUIRE((clear.height == 1 && clear.width == 2));
    CHECK(clear.rgb == std::vector<std::uint8_t>{0, 0, 0, 10, 200, 30});
}

TEST_CASE("a video that is spoilt further on has the frames before, and counts them") {
    const temporary_folder folder;
    walt::write_mp4(folder.path / "a.mp4", gradients(30, 48, 64), 8, 1);
    std::string bytes = text_of(folder.path / "a.mp4");
    const std::size_t data = bytes.find("mdat"), end = bytes.find("moov");
    for (std::size_t i = data + (end - data) * 2 / 3; i < end - 4; ++i) bytes[i] = '\xFF';
    const auto path = folder.write("spoilt.mp4", bytes);
    const walt::video read = walt::read_video(path);
    CHECK((read.frames >= 4 && read.frames < 30));
    CHECK(walt::probe(path).frames == read.frames);
    CHECK(walt::read_video(folder.write("b.y4m", y4m(5) + "FRAME\n" + std::string(100, 'x'))).frames == 5);
}

TEST_CASE("what a video's file is, its content says; playlists and what is no file are none") {
    const temporary_folder folder;
    walt::write_mp4(folder.path / "a.mp4", gradients(2, 16, 16));
    std::filesystem::copy_file(folder.path / "a.mp4", folder.path / "b.avi");
    CHECK(walt::read_video(folder.path / "b.avi").frames == 2);
    CHECK_THROWS_WITH(walt::read_video(folder.write("l.mp4", "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\na.mp4\n")),
                      Catch::Contains("l.mp4 is not of a kind of video that is read: it may be a playlist"));
    CHECK_THROWS_AS(walt::read_video(folder.write("c.mp4", "ffconcat version 1.0\nfile a.mp4\n")), walt::error);
    REQUIRE(::mkfifo((folder.path / "pipe.mp4").c_str(), 0600) == 0);
    CHECK_THROWS_WITH(walt::read_video(folder.path / "pipe.mp4"), Catch::Contains("not a file"));
}

namespace {
/// Noise, which an encoder cannot make small.
walt::clips noise(std::int64_t frames, std::uint64_t seed) {
    walt::clips made{.shape = {1, frames, 192, 192}};
    made.pixels.resize(static_cast<std::size_t>(made.shape.size()));
    for (std::size_t i = 0; i < made.pixels.size(); ++i) made.pixels[i] = 2 * walt::philox{seed, 0}.uniform(i) - 1;
    return made;
}
} // namespace

TEST_CASE("a long video is on disk as its frames come, and takes its place at the end") {
    const temporary_folder folder;
    const auto path = folder.path / "long.mp4";
    walt::write_atomically(path, "before");
    const auto beside = [&] { // what is written beside the path
        std::uintmax_t bytes = 0;
        for (const auto& entry : std::filesystem::directory_iterator(folder.path))
            if (entry.path() != path) bytes += entry.file_size();
        return bytes;
    };
    walt::clips all = noise(4, 0);
    {
        walt::video_writer given_up(path, 192, 192);
        given_up.add(all);
        CHECK_THROWS_WITH(given_up.add(noise(1, 1).part(true)), Catch::Contains("cannot be added"));
    }
    CHECK(beside() == 0);
    CHECK(text_of(path) == "before");
    walt::video_writer file(path, 192, 192);
    file.add(all);
    for (std::uint64_t part = 1; part < 24; ++part) {
        const walt::clips more = noise(4, part);
        file.add(more);
        all.append(more);
    }
    CHECK(beside() > 100'000); // of the frames that the encoder does not look ahead over
    CHECK(text_of(path) == "before");
    file.finish();
    CHECK(beside() == 0);
    CHECK_THROWS_WITH(file.finish(), Catch::Contains("finished once"));
    CHECK(file.frames() == 96);
    CHECK(walt::count_frames(path) == 96);
    const std::string bytes = text_of(path);
    walt::write_mp4(path, walt::to_videos(all).front());
    CHECK(text_of(path) == bytes);
}

TEST_CASE("an MP4 says how it was made") {
    const temporary_folder folder;
    const walt::video from{2, 16, 16, std::vector<std::uint8_t>(2 * 16 * 16 * 3, 99)};
    walt::write_mp4(folder.path / "a.mp4", from, 8, 1, R"({"seed":1,"text":"étoile"})");
    CHECK(walt::probe(folder.path / "a.mp4").comment == R"({"seed":1,"text":"étoile"})");
    walt::write_mp4(folder.path / "b.mp4", from, 8, 1);
    CHECK(walt::probe(folder.path / "b.mp4").comment.empty());
}
