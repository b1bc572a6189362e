// JPEG files, read through libjpeg. Needs libjpeg or libjpeg-turbo (CMake: walt::io).
#pragma once

#include "frames.hpp"

#include <csetjmp>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include <jpeglib.h>

namespace walt {

namespace detail {
/// libjpeg reports errors through a function that must not return.
struct jpeg_failure {
    jpeg_error_mgr manager;
    std::jmp_buf back;
    char message[JMSG_LENGTH_MAX];
};

/// Decodes into `out`; false and a message when it cannot. No object with a destructor lives across the jump.
inline bool decode_jpeg(const unsigned char* bytes, std::size_t size, video* out, jpeg_failure* failure) {
    jpeg_decompress_struct image;
    image.err = jpeg_std_error(&failure->manager);
    failure->manager.error_exit = [](j_common_ptr common) {
        auto* mine = reinterpret_cast<jpeg_failure*>(common->err);
        common->err->format_message(common, mine->message);
        std::longjmp(mine->back, 1);
    };
    failure->manager.output_message = [](j_common_ptr) {};
    if (setjmp(failure->back)) {
        jpeg_destroy_decompress(&image);
        return false;
    }
    jpeg_create_decompress(&image);
    jpeg_mem_src(&image, bytes, static_cast<unsigned long>(size));
    jpeg_read_header(&image, TRUE);
    if (std::uint64_t{image.image_width} * image.image_height > 100'000'000) {
        std::snprintf(failure->message, sizeof failure->message, "more than 100 million pixels");
        jpeg_destroy_decompress(&image);
        return false;
    }
    image.out_color_space = JCS_RGB;
    jpeg_start_decompress(&image);
    out->frames = 1;
    out->height = static_cast<int>(image.output_height);
    out->width = static_cast<int>(image.output_width);
    out->rgb.resize(out->frame_size());
    while (image.output_scanline < image.output_height) {
        JSAMPROW row = out->rgb.data() + std::size_t{3} * image.output_scanline * image.output_width;
        jpeg_read_scanlines(&image, &row, 1);
    }
    jpeg_finish_decompress(&image);
    jpeg_destroy_decompress(&image);
    return true;
}
} // namespace detail

/// Reads a JPEG as RGB; refuses images of more than 100 megapixels.
inline video read_jpeg(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    require(file.good(), path.string(), " cannot be opened for reading");
    const std::string bytes((std::istreambuf_iterator<char>(file)), {});
    video frame;
    detail::jpeg_failure failure{};
    require(!bytes.empty() && detail::decode_jpeg(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), &frame, &failure), path.string(),
            " cannot be decoded as JPEG: ", std::string_view(failure.message));
    return frame;
}

} // namespace walt
