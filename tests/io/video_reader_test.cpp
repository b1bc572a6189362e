// Videos as cameras, phones, broadcasters and editors make them: see docs/data.md.
#include "../catch.hpp"
#include "../datasets/temporary_folder.hpp"
#include "../watched_stderr.hpp"
#include "video_files.hpp"

#include <walt/data/video_folder.hpp>
#include <walt/io/read_file.hpp>

#include <cmath>
#include <cstring>
#include <set>

namespace {
using frame_bytes = std::vector<std::uint8_t>;

std::vector<frame_bytes> frames_from(const std::filesystem::path& path, std::int64_t first, int count, double rate,
                                     const walt::detail::av::frame_index& index) {
    std::vector<frame_bytes> all;
    walt::each_frame(
        path, first, count, 1, rate, [&](const frame_bytes& rgb, int, int) { all.push_back(rgb); }, index);
    return all;
}
std::string text_of(const std::filesystem::path& path) {
    const std::vector<std::byte> bytes = walt::read_file(path);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
} // namespace

TEST_CASE("frames that are sought are those of reading from the beginning") {
    const temporary_folder folder;
    int tried = 0;
    for (const auto& [muxer, encoder, b_frames] : {std::tuple{"matroska", "mpeg4", 0},
                                                   {"mp4", "mpeg4", 2},
                                                   {"matroska", "mpeg4", 2},
                                                   {"mpegts", "mpeg2video", 2},
                                                   {"avi", "mjpeg", 0},
                                                   {"mp4", "libx264", 3},
                                                   {"webm", "libvpx", 0}}) {
        const auto path = folder.path / "a.bin";
        const bool full = encoder == std::string("mjpeg");
        const AVPixelFormat format = full ? AV_PIX_FMT_YUVJ420P : AV_PIX_FMT_YUV420P;
        if (!make_video(path, 50, {.muxer = muxer, .encoder = encoder, .format = format, .b_frames = b_frames},
                        draw_grey))
            continue;
        ++tried;
        INFO(muxer << " " << encoder << " " << b_frames);
        for (const double rate : {0.0, 10.0, 60.0}) {
            const walt::detail::av::frame_index index = walt::detail::av::reader(path, rate).index();
            CHECK(index.frames == walt::count_frames(path, rate));
            for (const int first : {0, 1, 11, 12, 13, 19})
                CHECK(frames_from(path, first, 3, rate, index) == frames_from(path, first, 3, rate, {}));
        }
    }
    CHECK(tried >= 3);
}

TEST_CASE("a clip far into a file costs what lies between it and the key frame before") {
    const temporary_folder folder;
    const auto path = folder.path / "a.mkv";
    REQUIRE(make_video(path, 60, {}, draw_grey));
    const walt::video whole = walt::read_video(path);
    REQUIRE(whole.frames == 60);
    const walt::detail::av::frame_index index = walt::detail::av::reader(path).index();
    CHECK(index.frames == 60);
    const auto* const key = index.before([](const auto& one) { return one.frame > 50; });
    REQUIRE((key != nullptr && key->frame > 30));
    walt::detail::av::reader file(path);
    const auto stands = static_cast<int>(file.seek(index, 50));
    CHECK(stands == key->frame);
    frame_bytes rgb;
    file.append_rgb(*file.next(), rgb);
    CHECK(std::equal(rgb.begin(), rgb.end(), whole.frame(stands)));
    // What is spoilt before a key frame does not matter to a clip behind it.
    std::string bytes = text_of(path);
    for (std::size_t i = 700; i < 2000; ++i) bytes[i] = '\x55';
    const auto spoilt = folder.write("b.mkv", bytes);
    const auto there = frames_from(spoilt, 50, 2, 0, index);
    REQUIRE(there.size() == 2);
    CHECK(std::equal(there[0].begin(), there[0].end(), whole.frame(50)));
}

TEST_CASE("frames of a variable rate are taken at their times") {
    const temporary_folder folder;
    // 10 a second for a second, then one that stays for a second, then 10 a second.
    std::vector<std::int64_t> times;
    for (int f = 0; f < 10; ++f) times.push_back(100 * f);
    for (int f = 10; f < 20; ++f) times.push_back(100 * f + 900);
    const auto path = folder.path / "a.mkv";
    REQUIRE(make_video(path, 20, {.times = times}, draw_grey));
    const walt::video stored = walt::read_video(path);
    REQUIRE(stored.frames == 20);
    const auto levels_at = [&](double rate) {
        std::vector<int> all;
        walt::each_frame(path, 0, 1000, 1, rate, [&](const frame_bytes& rgb, int, int) {
            for (int f = 0; f < 20; ++f)
                if (std::equal(rgb.begin(), rgb.end(), stored.frame(f))) all.push_back(f);
        });
        return all;
    };
    CHECK(levels_at(5) == std::vector<int>{0, 2, 4, 6, 8, 9, 9, 9, 9, 9, 11, 13, 15, 17, 19});
    const std::vector<int> ten = levels_at(10);
    REQUIRE((ten.size() >= 29 && ten.size() <= 30)); // a container need not say how long the last one is shown
    for (int n = 0; n < 29; ++n) CHECK(ten[static_cast<std::size_t>(n)] == (n < 10 ? n : n < 19 ? 9 : n - 9));
    const walt::video_folder clips(folder.path,
                                   {.frames = 3, .height = 8, .width = 8, .rate = 2, .random_start = false});
    CHECK(walt::clip_at(clips, {}, 0).pixels.size() == 3 * 3 * 8 * 8);
}

TEST_CASE("an edit list hides the frames that were cut off") {
    const temporary_folder folder;
    const auto path = folder.path / "a.mp4";
    REQUIRE(make_video(path, 30, {.muxer = "mp4"}, draw_grey));
    const walt::video whole = walt::read_video(path);
    REQUIRE(whole.frames == 30);
    std::string bytes = text_of(path);
    const std::size_t list = bytes.find("elst");
    if (list == std::string::npos) return; // this FFmpeg writes none for such a file
    const auto at = [&](std::size_t place) {
        std::uint32_t number = 0;
        for (std::size_t i = 0; i < 4; ++i) number = number << 8 | static_cast<unsigned char>(bytes[place + i]);
        return number;
    };
    const auto put = [&](std::size_t place, std::uint32_t number) {
        for (std::size_t i = 0; i < 4; ++i) bytes[place + i] = static_cast<char>(number >> (24 - 8 * i));
    };
    REQUIRE(at(list + 8) == 1);
    const std::uint32_t rate = at(bytes.find("mdhd") + 4 + 12); // units a second, version 0
    put(list + 16, at(list + 16) + 7 * rate / 25);              // the media's time at which what is shown begins
    put(list + 12, at(list + 12) - at(list + 12) / 30 * 7);
    const auto cut = folder.write("cut.mp4", bytes);
    const walt::video shown = walt::read_video(cut);
    CHECK(std::abs(shown.frames - 23) <= 1);
    CHECK(walt::probe(cut).frames == shown.frames);
    CHECK(walt::detail::av::reader(cut).index().frames == shown.frames);
    CHECK(std::equal(shown.frame(0), shown.frame(1), whole.frame(7)));
}

TEST_CASE("what is transparent lies over black, whatever the codec") {
    const temporary_folder folder;
    const auto half = [](AVFrame& frame, int) { // white; the right half is transparent
        fill(frame, 0, frame.height, frame.width, 235);
        for (const int plane : {1, 2}) fill(frame, plane, (frame.height + 1) / 2, (frame.width + 1) / 2, 128);
        for (int y = 0; y < frame.height; ++y)
            for (int x = 0; x < frame.width; ++x)
                frame.data[3][y * frame.linesize[3] + x] = x < frame.width / 2 ? 255 : 0;
    };
    int tried = 0;
    for (const auto& [muxer, encoder, format, note] : {std::tuple{"matroska", "ffv1", AV_PIX_FMT_YUVA420P, ""},
                                                       {"webm", "libvpx-vp9", AV_PIX_FMT_YUVA420P, "1"},
                                                       {"webm", "libvpx", AV_PIX_FMT_YUVA420P, "1"}}) {
        video_kind kind{.muxer = muxer, .encoder = encoder, .format = format};
        if (*note) kind.about_stream = {{"alpha_mode", note}};
        const auto path = folder.path / "a.bin";
        if (!make_video(path, 2, kind, half)) continue;
        INFO(encoder);
        ++tried;
        const walt::video read = walt::read_video(path);
        const std::uint8_t* row = read.frame(0) + std::size_t{3} * 24 * 64;
        CHECK((row[3 * 8] > 225 && row[3 * 56] < 30));
    }
    CHECK(tried >= 1);
}

TEST_CASE("wide pixels are shown wide, and clips of them are round") {
    const temporary_folder folder;
    const auto path = folder.path / "dvd.mkv";
    REQUIRE(make_video(path, 2, {.encoder = "ffv1", .aspect = {16, 11}}, draw_grey));
    const walt::video_facts facts = walt::probe(path);
    CHECK((facts.height == 48 && facts.width == 93));
    CHECK(walt::read_video(path).width == 93);
}

TEST_CASE("frames may change their size within a file: clips have one size") {
    const temporary_folder folder;
    const auto draw = [](AVFrame& frame, int) {
        fill(frame, 0, frame.height, frame.width, 200);
        for (const int plane : {1, 2}) fill(frame, plane, (frame.height + 1) / 2, (frame.width + 1) / 2, 128);
    };
    std::string both;
    for (const auto& [height, width] : {std::pair{48, 64}, {32, 96}}) {
        REQUIRE(make_video(
            folder.path / "part", 6,
            {.muxer = "mjpeg", .encoder = "mjpeg", .format = AV_PIX_FMT_YUVJ420P, .height = height, .width = width},
            draw));
        both += text_of(folder.path / "part");
    }
    const auto path = folder.write("both.avi", both);
    REQUIRE(walt::probe(path).frames == 12);
    CHECK_THROWS_WITH(walt::read_video(path), Catch::Contains("changes its size from 48 x 64 to 32 x 96"));
    const walt::video_folder clips(folder.path, {.frames = 12, .height = 16, .width = 16});
    const walt::clip one = walt::clip_at(clips, {}, 0);
    for (const float pixel : one.pixels) REQUIRE(pixel == Approx(2 * 200 / 255.0 - 1).margin(0.02));
}

TEST_CASE("clips of a spoilt file are the same whatever was read before") {
    const temporary_folder folder;
    const auto path = folder.path / "a.mkv";
    REQUIRE(make_video(path, 60, {}, draw_grey));
    std::string bytes = text_of(path);
    bytes.resize(bytes.size() * 3 / 4);
    folder.write("a.mkv", bytes);
    const int there = walt::read_video(path).frames;
    REQUIRE((there > 20 && there < 60));
    const walt::clip_reading how{.frames = 4, .height = 6, .width = 8};
    const walt::video_folder forwards(folder.path, how), backwards(folder.path, how);
    std::vector<std::vector<float>> first(40), second(40);
    for (std::uint64_t n = 0; n < 40; ++n) first[n] = walt::clip_at(forwards, walt::seed{n}, 0).pixels;
    for (std::uint64_t n = 40; n-- > 0;) {
        const walt::clip still = walt::frame_at(backwards, walt::seed{n}, 0, 2);
        second[n] = walt::clip_at(backwards, walt::seed{n}, 0).pixels;
        CHECK(std::equal(still.pixels.begin(), still.pixels.end(), second[n].begin() + 2 * 144));
    }
    CHECK(first == second);
    CHECK(forwards.unreadable() == 0);
}

TEST_CASE("clips beside a spoilt place of a file are the same whatever was read before") {
    const temporary_folder folder;
    const auto path = folder.path / "a.mp4";
    REQUIRE(make_video(path, 60, {.muxer = "mp4"}, draw_grey));
    std::string bytes = text_of(path);
    {
        namespace av = walt::detail::av;
        AVFormatContext* opened = nullptr;
        REQUIRE(avformat_open_input(&opened, path.c_str(), nullptr, nullptr) >= 0);
        const av::owned<AVPacket> packet(av_packet_alloc());
        for (int n = 0; n <= 24; ++n) {
            av_packet_unref(packet.get());
            REQUIRE(av_read_frame(opened, packet.get()) >= 0);
        }
        CHECK((packet->flags & AV_PKT_FLAG_KEY) != 0);
        const auto from = bytes.begin() + static_cast<std::ptrdiff_t>(packet->pos);
        std::fill(from, from + packet->size, '\x55');
        avformat_close_input(&opened);
    }
    folder.write("a.mp4", bytes);
    REQUIRE(walt::read_video(path).frames == 24);
    const walt::clip_reading how{.frames = 4, .height = 6, .width = 8};
    const walt::video_folder after_others(folder.path, how);
    std::vector<std::vector<float>> alone;
    std::set<std::vector<float>> different;
    for (std::uint64_t n = 0; n < 150; ++n) {
        alone.push_back(walt::clip_at(walt::video_folder(folder.path, how), walt::seed{n}, 0).pixels);
        different.insert(alone.back());
    }
    CHECK(different.size() > 21); // clips behind the spoilt place come too
    for (std::uint64_t n = 0; n < 150; ++n) REQUIRE(walt::clip_at(after_others, walt::seed{n}, 0).pixels == alone[n]);
    for (std::uint64_t n = 0; n < 150; ++n)
        for (int f = 0; f < 4; ++f) {
            const walt::clip still = walt::frame_at(after_others, walt::seed{n}, 0, f);
            REQUIRE(std::equal(still.pixels.begin(), still.pixels.end(), alone[n].begin() + f * 144));
        }
}

namespace {
/// How many of a spoilt file's frames come: all as they are in the whole file. `said`: whether something was said of
/// it.
int frames_before_damage(const std::filesystem::path& path, const walt::video& whole, bool& said) {
    watched_stderr watched(false);
    const walt::video read = walt::read_video(path);
    said = watched.text().find("is spoilt behind its first " + std::to_string(read.frames) + " frames") !=
           std::string::npos;
    for (int f = 0; f < read.frames; ++f)
        if (!std::equal(read.frame(f), read.frame(f) + read.frame_size(), whole.frame(f))) return -f;
    return read.frames;
}
} // namespace

TEST_CASE("a file that was cut gives frames that it has whole, and says that it was cut") {
    const temporary_folder folder;
    for (const auto& [muxer, encoder, format] : {std::tuple{"avi", "mpeg4", AV_PIX_FMT_YUV420P},
                                                 {"avi", "mjpeg", AV_PIX_FMT_YUVJ420P},
                                                 {"matroska", "mpeg4", AV_PIX_FMT_YUV420P},
                                                 {"flv", "flv", AV_PIX_FMT_YUV420P}}) {
        INFO(muxer << " " << encoder);
        const auto path = folder.path / (std::string(muxer) + encoder);
        REQUIRE(make_video(path, 50, {.muxer = muxer, .encoder = encoder, .format = format}, draw_grey));
        const std::string bytes = text_of(path);
        walt::video whole;
        {
            watched_stderr watched(false);
            whole = walt::read_video(path);
            CHECK(watched.text().empty());
        }
        REQUIRE(whole.frames == 50);
        for (const std::size_t left : {bytes.size() * 6 / 10, bytes.size() * 7 / 10}) {
            const auto cut = folder.write("cut" + std::to_string(left) + muxer + encoder, bytes.substr(0, left));
            bool said = false;
            const int came = frames_before_damage(cut, whole, said);
            CHECK((came > 15 && came < 45));
            CHECK(said);
        }
    }
}

TEST_CASE("what a file says of its size is read of AVI and Matroska, where it is known") {
    const temporary_folder folder;
    const auto said = [&](const std::string& bytes) {
        return walt::detail::av::said_size(walt::opened_file(folder.write("a", bytes)));
    };
    using namespace std::string_literals;
    CHECK(said("RIFF\x10\x20\0\0AVI LIST"s) == 0x2018);
    CHECK(said("RIFF\x10\x20\0\0WAVEfmt "s) == 0);
    const std::string head = "\x1A\x45\xDF\xA3\x82xy", segment = "\x18\x53\x80\x67";
    CHECK(said(head + segment + "\x85xyz") == 7 + 4 + 1 + 5);
    CHECK(said(head + segment + "\x41\x02xyz") == 7 + 4 + 2 + 0x102);
    CHECK(said(head + segment + "\x01\0\0\0\0\0\x03\0x"s) == 7 + 4 + 8 + 0x300);
    CHECK(said(head + segment + "\xFFxyz") == 0); // as it is sent while it is recorded
    CHECK(said(head + segment + "\x01\xFF\xFF\xFF\xFF\xFF\xFF\xFFxyz") == 0);
    CHECK(said(head + segment) == 0);
    CHECK(said("\x1A\x45\xDF\xA3\0\0\0\0\0\0\0\0\0"s) == 0);
    CHECK(said("\x1A\x45\xDF\xA3\x41\xF0\0\0"s) == 0);
    CHECK(said("") == 0);
}

TEST_CASE("a broadcast with a gap ends there; two that were joined are read to the end") {
    const temporary_folder folder;
    for (const int b_frames : {0, 2}) {
        const auto path = folder.path / "a.ts";
        REQUIRE(make_video(path, 40, {.muxer = "mpegts", .encoder = "mpeg2video", .b_frames = b_frames}, draw_grey));
        const walt::video whole = walt::read_video(path);
        REQUIRE(whole.frames == 40);
        const std::string bytes = text_of(path);
        watched_stderr watched(false);
        CHECK(walt::read_video(folder.write("joined" + std::to_string(b_frames), bytes + bytes)).frames == 80);
        CHECK(watched.text().empty());
        if (b_frames > 0) continue; // a frame that waits for others comes before a gap in these, out of its place
        for (const std::size_t at : {4, 5, 6, 7, 8}) { // in packets of other frames
            const std::size_t from = bytes.size() / 188 * at / 10 * 188;
            const auto gap = folder.write("gap" + std::to_string(at), bytes.substr(0, from) + bytes.substr(from + 376));
            bool said = false;
            const int came = frames_before_damage(gap, whole, said);
            INFO("gap " << at << ": " << came);
            CHECK((came > 5 && came < 38));
            CHECK(said);
        }
    }
}

TEST_CASE("a spoilt place within a video is said, and nothing behind it is made up") {
    const temporary_folder folder;
    const auto path = folder.path / "a.avi";
    REQUIRE(make_video(path, 40, {.muxer = "avi", .encoder = "mpeg4", .key_every = 40}, draw_grey));
    const walt::video whole = walt::read_video(path);
    REQUIRE(whole.frames == 40);
    std::string bytes = text_of(path);
    std::size_t frame = bytes.find("movi"); // behind it, each frame: "00dc", its size, its bytes
    for (int n = 0; n < 20; ++n) frame = bytes.find("00dc", frame + 1);
    std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(frame) + 16,
              bytes.begin() + static_cast<std::ptrdiff_t>(bytes.find("00dc", frame + 1)), '\x55');
    bool said = false;
    CHECK(frames_before_damage(folder.write("spoilt.avi", bytes), whole, said) == 19);
    CHECK(said);
}

TEST_CASE("whole H.264 with a message that is too short is not spoilt") {
    const temporary_folder folder;
    const auto path = folder.path / "a.h264";
    if (!make_video(path, 40, {.muxer = "h264", .encoder = "libx264", .key_every = 20, .b_frames = 2}, draw_grey))
        return;
    const std::string whole = text_of(path), unit("\0\0\1", 3);
    std::vector<std::size_t> others; // where slices begin that are not of a key frame
    for (std::size_t at = 0; (at = whole.find(unit, at)) != whole.npos; ++at) {
        if ((whole[at + 3] & 31) == 1) others.push_back(at);
    }
    REQUIRE(others.size() >= 10);
    std::string with_message = whole;
    with_message.insert(others[3], unit + "\x06\x04\x7F\x80"); // 127 bytes that do not come
    watched_stderr watched(false);
    CHECK(walt::read_video(folder.write("b.h264", with_message)).frames == 40);
    CHECK(watched.text().empty());
}

TEST_CASE("an index at a rate counts the frames whose times are not known") {
    const temporary_folder folder;
    const auto path = folder.path / "a.avi"; // which has no times of B frames
    REQUIRE(make_video(path, 50, {.muxer = "avi", .b_frames = 2}, draw_grey));
    for (const double rate : {0.0, 10.0, 25.0, 60.0})
        CHECK(walt::detail::av::reader(path, rate).index().frames == walt::count_frames(path, rate));
    walt::detail::av::packet_times times;
    for (const std::int64_t shown : {0, 1, 2}) times.add(shown, shown, 1, shown == 0);
    for (int n = 0; n < 2; ++n) times.add(walt::detail::av::packet_times::unknown, 3 + n, 1, false);
    CHECK(times.index(0.1, 10, 0.1).frames == 5);
}

TEST_CASE("a small file may not have more packets than bytes, nor frames larger than it can hold") {
    const temporary_folder folder;
    walt::write_mp4(folder.path / "a.mp4", {2, 16, 16, std::vector<std::uint8_t>(1536, 90)}, 8, 1);
    std::string bytes = text_of(folder.path / "a.mp4");
    const std::size_t sizes = bytes.find("stsz");
    bytes[sizes + 11] = '\1';                               // every packet has one byte,
    bytes[sizes + 13] = '\x40';                             // and there are four million
    bytes[bytes.find("stsc") + 4 + 4 + 4 + 4 + 1] = '\x40'; // in the first piece
    const auto path = folder.write("many.mp4", bytes);
    std::int64_t frames = 0;
    try {
        frames = walt::probe(path).frames;
    } catch (const walt::error&) {
    } // refused
    CHECK(frames < 10'000);
}

TEST_CASE("a file that is cut while it is read is an error, and no shorter video") {
    const temporary_folder folder;
    const auto path = folder.path / "a.avi"; // of 14 MB: FFmpeg looks at five before it gives a frame
    const auto make = [&] {
        return make_video(path, 120, {.muxer = "avi", .encoder = "rawvideo", .height = 240, .width = 320}, draw_grey);
    };
    const auto cut = [&] { std::filesystem::resize_file(path, std::filesystem::file_size(path) / 2); };
    REQUIRE(make());
    {
        walt::detail::av::reader file(path);
        for (int f = 0; f < 2; ++f) REQUIRE(file.next() != nullptr);
        cut();
        int more = 0;
        CHECK_THROWS_WITH(
            [&] {
                while (file.next()) ++more;
            }(),
            Catch::Contains(path.string()) && Catch::Contains("was cut to"));
        CHECK(more > 0);
        CHECK_THROWS_WITH(file.next(), Catch::Contains("was cut to"));
    }
    REQUIRE(make());
    {
        walt::detail::av::reader file(path);
        cut();
        CHECK_THROWS_WITH(file.index(), Catch::Contains("was cut to"));
    }
    REQUIRE(make());
    {
        const walt::detail::av::frame_index index = walt::detail::av::reader(path).index();
        walt::detail::av::reader file(path);
        cut();
        CHECK_THROWS_WITH(file.seek(index, 110), Catch::Contains("was cut to"));
    }
    walt::detail::av::input opened(path);
    opened.begin();
    opened.check_read();
    std::filesystem::resize_file(path, 0);
    std::uint8_t bytes[4];
    CHECK(avio_read(opened.get(), bytes, 4) == AVERROR(EIO));
    CHECK_THROWS_WITH(opened.check_read(), Catch::Contains("was cut to 0 bytes"));
}

TEST_CASE("reading a file ends with its time") {
    const temporary_folder folder;
    const auto path = folder.write("a", "some bytes");
    std::uint8_t bytes[4];
    walt::detail::av::input late(path), early(path);
    CHECK(avio_read(late.get(), bytes, 4) == AVERROR_EXIT); // which has not begun
    early.begin();
    CHECK(avio_read(early.get(), bytes, 4) == 4);
    CHECK((walt::detail::av::input::late(&late) && !walt::detail::av::input::late(&early)));
}

TEST_CASE("a stream without times is read at a rate by its own rate") {
    const temporary_folder folder;
    const auto path = folder.path / "a.m4v";
    REQUIRE(make_video(path, 50, {.muxer = "m4v"}, draw_grey));
    CHECK(walt::probe(path).frames == 50);
    const std::int64_t counted = walt::count_frames(path, 10), said = walt::detail::av::reader(path, 10).index().frames;
    CHECK((counted >= 19 && counted <= 21));
    CHECK(std::abs(said - counted) <= 1);
    CHECK(frames_from(path, 15, 2, 10, walt::detail::av::reader(path, 10).index()) == frames_from(path, 15, 2, 10, {}));
}

TEST_CASE("a frame that says a space of colours that nobody knows is converted as one that says none") {
    namespace av = walt::detail::av;
    const av::owned<AVFrame> frame(av_frame_alloc());
    frame->format = AV_PIX_FMT_YUV420P, frame->width = 16, frame->height = 16;
    REQUIRE(av_frame_get_buffer(frame.get(), 0) >= 0);
    draw_grey(*frame, 7);
    const auto converted = [&](int space) { // as files say it: it may be none of the enum's
        std::memcpy(&frame->colorspace, &space, sizeof space);
        frame_bytes rgb;
        av::frame_pixels().append(*frame, {16, 16}, {}, "a frame", rgb);
        return rgb;
    };
    CHECK(converted(35).size() == 16 * 16 * 3);
    CHECK(converted(35) == converted(AVCOL_SPC_UNSPECIFIED));
    CHECK(converted(-1) == converted(AVCOL_SPC_UNSPECIFIED));
}
