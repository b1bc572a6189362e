// Frames of any pixel format as 8-bit RGB, through libswscale.
#pragma once

#include "libav.hpp"
#include "orientation.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

extern "C" {
#include <libavutil/pixdesc.h>
}

namespace walt::detail::av {

/// The number in an enum that FFmpeg filled from a file, which may be none that the enum has: such a one must not be
/// read as the enum in C++.
template <class Enum> int number_in(const Enum& from) {
    static_assert(sizeof(Enum) == sizeof(int));
    int number = 0;
    std::memcpy(&number, &from, sizeof number);
    return number;
}

/// What converts frames; it keeps its tables and one frame from call to call.
class frame_pixels {
  public:
    /// Puts the frame, scaled to height and width, over black where it is transparent and turned, at the end of `to`.
    void append(const AVFrame& frame, std::pair<int, int> size, const orientation& how, const std::string& path,
                std::vector<std::uint8_t>& to) {
        const auto [height, width] = size;
        const auto format = static_cast<AVPixelFormat>(frame.format);
        const AVPixFmtDescriptor* described = av_pix_fmt_desc_get(format);
        const bool transparent = described != nullptr && (described->flags & AV_PIX_FMT_FLAG_ALPHA) != 0;
        const AVPixelFormat wanted = transparent ? AV_PIX_FMT_RGBA : AV_PIX_FMT_RGB24;
        scaler_.reset(
            check(sws_getCachedContext(scaler_.release(), frame.width, frame.height, format, width, height, wanted,
                                       SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT, nullptr, nullptr, nullptr),
                  path, "be converted to RGB"));
        const int* colours = sws_getCoefficients(number_in(frame.colorspace));
        sws_setColorspaceDetails(scaler_.get(), colours, number_in(frame.color_range) == AVCOL_RANGE_JPEG, colours, 1,
                                 0, 1 << 16, 1 << 16);
        if (!rgb_) rgb_.reset(check(av_frame_alloc(), path, "be converted to RGB"));
        if (rgb_->width != width || rgb_->height != height || rgb_->format != wanted) {
            av_frame_unref(rgb_.get()); // aligned rows: swscale writes beyond tight ones
            rgb_->format = wanted;
            rgb_->width = width;
            rgb_->height = height;
            check(av_frame_get_buffer(rgb_.get(), 0), path, "be converted to RGB");
        }
        check(sws_scale(scaler_.get(), frame.data, frame.linesize, 0, frame.height, rgb_->data, rgb_->linesize), path,
              "be converted to RGB");
        if (transparent)
            for (int y = 0; y < height; ++y)
                over_black(rgb_->data[0] + std::ptrdiff_t{y} * rgb_->linesize[0], static_cast<std::size_t>(width));
        how.append(rgb_->data[0], rgb_->linesize[0], height, width, to);
    }

  private:
    owned<AVFrame> rgb_;
    owned<SwsContext> scaler_;
};

} // namespace walt::detail::av
