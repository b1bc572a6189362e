// JPEG files, read through libjpeg. Needs libjpeg-turbo or libjpeg (CMake: walt::io).
#pragma once

#include "frames.hpp"
#include "read_file.hpp"

#include <csetjmp>
#include <filesystem>
#include <vector>

#include <jpeglib.h>

#include <jerror.h>

namespace walt {

namespace detail {
/// libjpeg reports errors through a function that must not return, so it jumps back into the call that failed. What has
/// a destructor therefore lives outside of these calls: in this object, or with its owner.
class jpeg_decoder {
  public:
    jpeg_decoder() = default;
    jpeg_decoder(const jpeg_decoder&) = delete;
    jpeg_decoder& operator=(const jpeg_decoder&) = delete;
    ~jpeg_decoder() { jpeg_destroy_decompress(&image_); } // harmless before open

    /// Reads the header; false and a message where that fails.
    bool open(const std::vector<std::byte>& bytes) {
        image_.err = jpeg_std_error(&errors_);
        image_.client_data = this;
        errors_.error_exit = [](j_common_ptr common) { of(common).give_up(); };
        errors_.emit_message = [](j_common_ptr common, int level) { // truncated data is a warning to libjpeg, and grey
            if (level < 0 && common->err->msg_code == JWRN_JPEG_EOF) of(common).give_up();
        };
        if (setjmp(back_)) return false;
        jpeg_create_decompress(&image_);
        jpeg_mem_src(&image_, reinterpret_cast<const unsigned char*>(bytes.data()),
                     static_cast<unsigned long>(bytes.size()));
        jpeg_read_header(&image_, TRUE);
        image_.out_color_space = JCS_RGB;
        return true;
    }
    int height() const { return static_cast<int>(image_.image_height); }
    int width() const { return static_cast<int>(image_.image_width); }

    /// Decodes into [height, width, 3].
    bool decode(std::uint8_t* rgb) {
        if (setjmp(back_)) return false;
        jpeg_start_decompress(&image_);
        while (image_.output_scanline < image_.output_height) {
            JSAMPROW row = rgb + std::size_t{3} * image_.output_scanline * image_.output_width;
            jpeg_read_scanlines(&image_, &row, 1);
        }
        jpeg_finish_decompress(&image_);
        return true;
    }
    std::string_view message() const { return message_; }

  private:
    static jpeg_decoder& of(j_common_ptr common) { return *static_cast<jpeg_decoder*>(common->client_data); }
    [[noreturn]] void give_up() {
        errors_.format_message(reinterpret_cast<j_common_ptr>(&image_), message_);
        std::longjmp(back_, 1);
    }

    jpeg_decompress_struct image_{};
    jpeg_error_mgr errors_{};
    std::jmp_buf back_{};
    char message_[JMSG_LENGTH_MAX]{};
};
} // namespace detail

/// Reads a JPEG as RGB, as it is stored (no rotation). Refuses images of more than 100 megapixels, truncated ones, and
/// ones in CMYK.
inline video read_jpeg(const std::filesystem::path& path) {
    const std::vector<std::byte> bytes = read_file(path);
    detail::jpeg_decoder decoder;
    if (!decoder.open(bytes)) fail("{} is not a JPEG file: {}", path.string(), decoder.message());
    video frame{1, decoder.height(), decoder.width(), {}};
    require(frame.frame_size() <= 300'000'000, "{} has {} x {} pixels; more than 100 million are not read",
            path.string(), frame.width, frame.height);
    frame.rgb.resize(frame.frame_size());
    if (!decoder.decode(frame.rgb.data())) fail("{} cannot be decoded: {}", path.string(), decoder.message());
    return frame;
}

} // namespace walt
