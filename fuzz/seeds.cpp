// seeds FOLDER: small files of every kind that harnesses begin with, FOLDER/<harness>/...
#include <io/video_files.hpp>
#include <train/regression.hpp>
#include <walt/io/gif.hpp>
#include <walt/io/mp4.hpp>
#include <walt/io/png.hpp>
#include <walt/io/weights.hpp>
#include <walt/ops/reference/optimizer.hpp>
#include <walt/ops/reference/pointwise.hpp>
#include <walt/reference.hpp>
#include <walt/train/state.hpp>

#include <fstream>

#include <jpeglib.h>

using namespace walt;
using namespace walt::testing;

namespace {
void write_jpeg(const std::filesystem::path& path, const video& from, bool progressive) {
    std::FILE* file = std::fopen(path.c_str(), "wb");
    jpeg_compress_struct image{};
    jpeg_error_mgr errors{};
    image.err = jpeg_std_error(&errors);
    jpeg_create_compress(&image);
    jpeg_stdio_dest(&image, file);
    image.image_width = static_cast<JDIMENSION>(from.width);
    image.image_height = static_cast<JDIMENSION>(from.height);
    image.input_components = 3;
    image.in_color_space = JCS_RGB;
    jpeg_set_defaults(&image);
    if (progressive) jpeg_simple_progression(&image);
    jpeg_start_compress(&image, TRUE);
    for (int y = 0; y < from.height; ++y) {
        auto* row = const_cast<JSAMPROW>(from.frame(0) + std::ptrdiff_t{3} * y * from.width);
        jpeg_write_scanlines(&image, &row, 1);
    }
    jpeg_finish_compress(&image);
    jpeg_destroy_compress(&image);
    std::fclose(file);
}
} // namespace

int main(int, char** argument) try {
    const std::filesystem::path root = argument[1];
    for (const char* harness : {"safetensors", "json", "idx", "image", "video", "captions", "state"})
        std::filesystem::create_directories(root / harness);
    reference::context ctx;
    regressor<reference::context, float> model(ctx, seed{5});
    trainer run(model, squared_error{0.3}, adamw{}, training{.seed = seed{11}});
    save_state(root / "state" / "new", run);
    run.step([](std::int64_t n) { return rows_of(n); });
    save_state(root / "state" / "one_step", run);
    for (const char* harness : {"state", "safetensors"}) {
        save_weights<float>(root / harness / "float", model);
        save_weights<bf16>(root / harness / "bf16", model);
    }
    std::ofstream(root / "json" / "config")
        << R"({"frames":5,"window":[0,3,3],"name":"a\u00e9","deep":[[1],{"b":-2}]})";
    std::ofstream(root / "captions" / "some") << "a.png\ta red bag\nb.png\t\xc3\xa4 word\r\n\nc.jpg\t\n";
    std::ofstream(root / "idx" / "labels") << std::string("\0\0\x08\1\0\0\0\4\1\2\3\4", 12);
    std::ofstream(root / "idx" / "pictures") << std::string("\0\0\x08\3\0\0\0\1\0\0\0\2\0\0\0\2\1\2\3\4", 20);
    video moving{5, 12, 16, {}};
    for (int i = 0; i < 5 * 12 * 16 * 3; ++i) moving.rgb.push_back(static_cast<std::uint8_t>(i * 7 + i / 31));
    write_png(root / "image" / "png", moving);
    write_jpeg(root / "image" / "jpeg", moving, false);
    write_jpeg(root / "image" / "progressive", moving, true);
    write_gif(root / "video" / "gif", moving);
    write_mp4(root / "video" / "mp4", moving, 8, 1);
    for (const auto& [muxer, encoder, b_frames] : {std::tuple{"matroska", "mpeg4", 2},
                                                   {"mpegts", "mpeg2video", 0},
                                                   {"avi", "mpeg4", 0},
                                                   {"webm", "libvpx", 0}}) {
        video_kind kind{
            .muxer = muxer, .encoder = encoder, .height = 16, .width = 16, .key_every = 8, .b_frames = b_frames};
        make_video(root / "video" / muxer, 20, kind, draw_grey);
    }
    std::ofstream(root / "video" / "y4m") << "YUV4MPEG2 W4 H4 F24:1 Ip A2:1 C444\nFRAME\n" + std::string(48, 'x');
    return 0;
} catch (const std::exception& problem) {
    fmt::print(stderr, "{}\n", problem.what());
    return 1;
}
