// libpng's reader as a class: the pixels of a PNG's bytes, for io/png.hpp. Not its simplified interface, of which some
// builds (Debian's 1.6.39 is one) give rubbish for 16 bits interlaced.
#pragma once

#include <csetjmp>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

#include <png.h>

namespace walt::detail {

/// libpng reports errors through a function that must not return, so it jumps back into the call that failed. What has
/// a destructor therefore lives outside of these calls: in this object, or with its owner.
class png_decoder {
  public:
    /// Of bytes that outlive it.
    explicit png_decoder(std::span<const std::byte> bytes) : bytes_(bytes) {}
    png_decoder(const png_decoder&) = delete;
    png_decoder& operator=(const png_decoder&) = delete;
    ~png_decoder() { png_destroy_read_struct(&png_, &info_, nullptr); } // harmless before open

    /// Reads what comes before the pixels; false and a message where that fails.
    bool open() {
        png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, this, give_up, [](png_structp, png_const_charp) {});
        info_ = png_ != nullptr ? png_create_info_struct(png_) : nullptr;
        if (info_ == nullptr) {
            say("libpng is out of memory, or another one than walt was compiled with");
            return false;
        }
        if (setjmp(png_jmpbuf(png_))) return false;
        png_set_read_fn(png_, this, read);
        png_set_benign_errors(png_, 1);
        // Of the chunks that need not be there, those that say what the numbers mean; the others cost memory.
        constexpr png_byte needed[] = "cHRM\0gAMA\0iCCP\0sBIT\0sRGB";
        png_set_keep_unknown_chunks(png_, PNG_HANDLE_CHUNK_NEVER, nullptr, -1);
        png_set_keep_unknown_chunks(png_, PNG_HANDLE_CHUNK_AS_DEFAULT, needed, sizeof needed / 5);
        png_read_info(png_, info_);
        return true;
    }
    std::uint32_t height() const { return png_get_image_height(png_, info_); }
    std::uint32_t width() const { return png_get_image_width(png_, info_); }
    bool transparent() const {
        return (png_get_color_type(png_, info_) & PNG_COLOR_MASK_ALPHA) != 0 ||
               png_get_valid(png_, info_, PNG_INFO_tRNS) != 0;
    }

    /// Decodes into [height, width, 3], or 4 where it is transparent: 8 bits, as sRGB means them.
    bool decode(std::uint8_t* pixels) {
        rows_.resize(height());
        const std::size_t size = std::size_t{transparent() ? 4u : 3u} * width();
        for (std::size_t y = 0; y < rows_.size(); ++y) rows_[y] = pixels + y * size;
        if (setjmp(png_jmpbuf(png_))) return false;
        png_set_alpha_mode_fixed(png_, PNG_ALPHA_PNG, PNG_DEFAULT_sRGB); // a file without a word on gamma is sRGB
        png_set_expand(png_);
        png_set_scale_16(png_);
        png_set_gray_to_rgb(png_);
        png_set_interlace_handling(png_);
        png_read_update_info(png_, info_);
        if (png_get_rowbytes(png_, info_) != size) png_error(png_, "its rows have another length than its header says");
        png_read_image(png_, rows_.data());
        return true;
    }
    std::string_view message() const { return message_; }

  private:
    void say(const char* text) { message_[std::string_view(text).copy(message_, sizeof message_ - 1)] = '\0'; }
    [[noreturn]] static void give_up(png_structp png, png_const_charp text) {
        static_cast<png_decoder*>(png_get_error_ptr(png))->say(text);
        png_longjmp(png, 1);
    }
    static void read(png_structp png, png_bytep to, std::size_t count) {
        png_decoder& in = *static_cast<png_decoder*>(png_get_io_ptr(png));
        if (count > in.bytes_.size()) png_error(png, "the file is cut");
        std::memcpy(to, in.bytes_.data(), count);
        in.bytes_ = in.bytes_.subspan(count);
    }

    std::span<const std::byte> bytes_; ///< that are left
    png_structp png_ = nullptr;
    png_infop info_ = nullptr;
    std::vector<png_bytep> rows_;
    char message_[128]{};
};

} // namespace walt::detail
