// JPEG files, read through libjpeg. Needs libjpeg-turbo or libjpeg (CMake: walt::io).
#pragma once

#include "exif.hpp"
#include "orientation.hpp"
#include "read_file.hpp"

#include <csetjmp>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <span>
#include <utility>
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
        errors_.emit_message = [](j_common_ptr common, int level) {
            if (level < 0 && is_damage(common->err->msg_code)) of(common).give_up();
        };
        if (setjmp(back_)) return false;
        jpeg_create_decompress(&image_);
        jpeg_save_markers(&image_, JPEG_APP0 + 1, 0xFFFF); // EXIF
        jpeg_mem_src(&image_, reinterpret_cast<const unsigned char*>(bytes.data()),
                     static_cast<unsigned long>(bytes.size()));
        jpeg_read_header(&image_, TRUE);
        inks_ = image_.jpeg_color_space == JCS_CMYK || image_.jpeg_color_space == JCS_YCCK;
        image_.out_color_space = inks_ ? JCS_CMYK : JCS_RGB;
        watch_.progress_monitor = [](j_common_ptr common) {
            if (reinterpret_cast<j_decompress_ptr>(common)->input_scan_number > most_scans) of(common).too_many_scans();
        };
        image_.progress = &watch_;
        orientation_ = found_orientation();
        return true;
    }
    int orientation() const { return orientation_; } ///< EXIF's, 1 .. 8
    int height() const { return static_cast<int>(image_.image_height); }
    int width() const { return static_cast<int>(image_.image_width); }

    /// Blocks of 64 numbers of all components.
    std::size_t blocks() const {
        std::size_t count = 0;
        for (int c = 0; c < image_.num_components; ++c)
            count += std::size_t{image_.comp_info[c].width_in_blocks} * image_.comp_info[c].height_in_blocks;
        return count;
    }

    /// Decodes into [height, width, 3].
    bool decode(std::uint8_t* rgb) {
        if (setjmp(back_)) return false;
        jpeg_start_decompress(&image_);
        inks_row_.resize(inks_ ? std::size_t{4} * image_.output_width : 0);
        while (image_.output_scanline < image_.output_height) {
            std::uint8_t* const to = rgb + std::size_t{3} * image_.output_scanline * image_.output_width;
            JSAMPROW row = inks_ ? inks_row_.data() : to;
            jpeg_read_scanlines(&image_, &row, 1);
            if (inks_) of_inks(to);
        }
        jpeg_finish_decompress(&image_);
        return true;
    }
    std::string_view message() const { return message_; }

  private:
    static constexpr int most_scans = 100; ///< of a progressive image, which has ten or so

    int found_orientation() const {
        for (jpeg_saved_marker_ptr one = image_.marker_list; one != nullptr; one = one->next)
            if (one->data_length > 6 && std::memcmp(one->data, "Exif\0", 6) == 0)
                return exif_orientation(std::as_bytes(std::span(one->data, one->data_length)).subspan(6));
        return 1;
    }
    /// Cyan, magenta, yellow and black of a row: the light that they leave, as Adobe stores them, and as browsers take
    /// files that do not say whose they are.
    void of_inks(std::uint8_t* to) const {
        for (std::size_t x = 0; x < image_.output_width; ++x)
            for (std::size_t c = 0; c < 3; ++c)
                to[3 * x + c] = static_cast<std::uint8_t>((inks_row_[4 * x + c] * inks_row_[4 * x + 3] + 127) / 255);
    }
    [[noreturn]] void too_many_scans() {
        std::snprintf(message_, sizeof message_, "it has more than %d scans", most_scans);
        std::longjmp(back_, 1);
    }
    /// Pixels that are not there, or are others, are a warning to libjpeg, which makes grey or something of them. What
    /// a file says of itself may be odd (versions, colour profiles), and so may bytes between its parts.
    static bool is_damage(int code) {
#if JPEG_LIB_VERSION >= 70 || defined(C_ARITH_CODING_SUPPORTED) || defined(D_ARITH_CODING_SUPPORTED)
        if (code == JWRN_ARITH_BAD_CODE) return true;
#endif
        return code == JWRN_JPEG_EOF || code == JWRN_HIT_MARKER || code == JWRN_HUFF_BAD_CODE ||
               code == JWRN_MUST_RESYNC;
    }
    static jpeg_decoder& of(j_common_ptr common) { return *static_cast<jpeg_decoder*>(common->client_data); }
    [[noreturn]] void give_up() {
        errors_.format_message(reinterpret_cast<j_common_ptr>(&image_), message_);
        std::longjmp(back_, 1);
    }

    jpeg_decompress_struct image_{};
    jpeg_error_mgr errors_{};
    jpeg_progress_mgr watch_{};
    std::vector<std::uint8_t> inks_row_;
    bool inks_ = false;
    int orientation_ = 1;
    std::jmp_buf back_{};
    char message_[JMSG_LENGTH_MAX]{};
};
/// The image of a JPEG's bytes.
inline video jpeg_from(const std::filesystem::path& path, const std::vector<std::byte>& bytes) {
    jpeg_decoder decoder;
    if (!decoder.open(bytes)) fail("{} is not a JPEG file: {}", path.string(), decoder.message());
    video frame{1, decoder.height(), decoder.width(), {}};
    require(frame.frame_size() <= 300'000'000, "{} has {} x {} pixels; more than 100 million are not read",
            path.string(), frame.width, frame.height);
    require(decoder.blocks() / 8 <= bytes.size(), // each takes a bit or more
            "{} says that it has {} x {} pixels, which cannot be in its {} bytes", path.string(), frame.width,
            frame.height, bytes.size());
    frame.rgb.resize(frame.frame_size());
    if (!decoder.decode(frame.rgb.data())) fail("{} cannot be decoded: {}", path.string(), decoder.message());
    return turned(std::move(frame), detail::orientation::of_exif(decoder.orientation()));
}
} // namespace detail

/// Reads a JPEG (grey, CMYK too) as RGB, upright as its EXIF says. Refuses images of more than 100 megapixels, or of
/// more than its file can hold, before it takes memory for them; cut or damaged ones, as far as that shows; and those
/// of more than 100 scans.
inline video read_jpeg(const std::filesystem::path& path) {
    return detail::jpeg_from(path, read_file(path, detail::largest_image));
}

} // namespace walt
