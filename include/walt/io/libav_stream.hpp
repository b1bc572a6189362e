// The video stream of a file as FFmpeg opens it: by what demuxers and decoders, and how its frames are shown.
#pragma once

#include "libav_input.hpp"
#include "orientation.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

extern "C" {
#include <libavutil/display.h>
}

namespace walt::detail::av {

/// Most pixels of a frame: 8192 x 8192. A small file may have no more than so many a byte, or this many.
inline constexpr std::int64_t most_pixels = std::int64_t{1} << 26, pixels_a_byte = 10'000, few_pixels = 1 << 22;
/// Containers that hold a video; none that names other files (playlists), none that is a device.
inline constexpr const char* containers = "mov,matroska,webm,avi,gif,yuv4mpegpipe,mpeg,mpegvideo,mpegts,m4v,h264,hevc,"
                                          "ogg,flv,ivf,asf,mjpeg,apng,nut,dv,mxf,obu,av1";

/// An open file at its beginning, of which only the video stream is read.
class video_stream {
  public:
    explicit video_stream(const std::string& path) : path_(path), input_(path) {
        open();
        index_ = check(av_find_best_stream(format_.get(), AVMEDIA_TYPE_VIDEO, -1, -1, &decoder_, 0), path_,
                       "be read: it has no video stream");
        for (unsigned i = 0; i < format_->nb_streams; ++i)
            if (static_cast<int>(i) != index_) format_->streams[i]->discard = AVDISCARD_ALL;
        const std::int32_t* const matrix = display_matrix();
        if (matrix != nullptr) orientation_ = orientation::of_matrix(matrix);
    }
    video_stream(const video_stream&) = delete;
    video_stream& operator=(const video_stream&) = delete;

    input& in() { return input_; }
    AVFormatContext* format() const { return format_.get(); }
    int index() const { return index_; }
    const AVStream& get() const { return *format_->streams[index_]; }
    AVCodecID codec() const { return get().codecpar->codec_id; }
    double seconds(std::int64_t units) const { return static_cast<double>(units) * av_q2d(get().time_base); }

    /// Frames a second, as far as the header says; 0 where it does not.
    double rate() const {
        const AVRational rate = guessed_rate();
        return rate.den != 0 ? av_q2d(rate) : 0;
    }
    /// Seconds that a frame is shown which does not say it.
    double usual_duration() const {
        const AVRational rate = guessed_rate();
        return rate.num > 0 && rate.den > 0 ? av_q2d(av_inv_q(rate)) : 0.04;
    }
    std::string comment() const {
        const AVDictionaryEntry* found = av_dict_get(format_->metadata, "comment", nullptr, 0);
        return found != nullptr ? found->value : "";
    }

    /// A decoder of it, at its beginning.
    owned<AVCodecContext> new_decoder() const {
        const AVCodec* const decoder = with_alpha();
        owned<AVCodecContext> made(check(avcodec_alloc_context3(decoder), path_, "be decoded"));
        check(avcodec_parameters_to_context(made.get(), get().codecpar), path_, "be decoded");
        made->max_pixels = pixels_allowed();
        // What is wrong is to fail, and not to be made up. But whole H.264 that was trimmed, or begins in the middle of
        // a broadcast, has references that are not there, which would fail too; it says by the frame what it lost
        // (reader::broken).
        const bool says_by_frame = codec() == AV_CODEC_ID_H264;
        made->err_recognition = AV_EF_CRCCHECK | AV_EF_BITSTREAM | (says_by_frame ? 0 : AV_EF_EXPLODE);
        made->error_concealment = 0; // frames are the file's or none
        check(avcodec_open2(made.get(), decoder, nullptr), path_, "be decoded");
        return made;
    }

    /// How a frame is turned: its own, of what its camera wrote into the stream, or the file's.
    orientation orientation_of(const AVFrame& frame) const {
        const AVFrameSideData* own = av_frame_get_side_data(&frame, AV_FRAME_DATA_DISPLAYMATRIX);
        if (own == nullptr || own->size < 36) return orientation_;
        return orientation::of_matrix(reinterpret_cast<const std::int32_t*>(own->data));
    }
    /// Height and width of its frames as they are shown, as far as the header says; each frame has its own.
    std::pair<int, int> shown() const {
        const auto [height, width] = square(get().codecpar->height, get().codecpar->width, aspect(nullptr));
        return orientation_.of_size(height, width);
    }
    std::pair<int, int> shown(const AVFrame& frame) const {
        const auto [height, width] = upright(frame);
        return orientation_of(frame).of_size(height, width);
    }
    /// The same before it is turned: pixels become square by enlarging one side.
    std::pair<int, int> upright(const AVFrame& frame) const {
        return square(frame.height, frame.width, aspect(&frame));
    }

  private:
    struct close_input {
        void operator()(AVFormatContext* p) const { avformat_close_input(&p); }
    };

    void open() {
        input_.begin();
        AVFormatContext* opened = check(avformat_alloc_context(), path_, "be opened as a video");
        opened->pb = input_.get();
        opened->interrupt_callback = {input::late, &input_};
        options known{{"format_whitelist", containers}, {"protocol_whitelist", "none"}};
        const int code = avformat_open_input(&opened, "", nullptr, known.get()); // which frees it where that fails
        format_.reset(opened);
        input_.check_read();
        if (code == AVERROR(EINVAL)) fail("{} is not of a kind of video that is read: it may be a playlist", path_);
        check(code, path_, "be opened as a video");
        // A little is decoded to find out what is in the file, with the limit on pixels for every stream.
        std::vector<AVDictionary*> limits(opened->nb_streams, nullptr);
        for (AVDictionary*& one : limits) av_dict_set_int(&one, "max_pixels", pixels_allowed(), 0);
        const int found = avformat_find_stream_info(opened, limits.empty() ? nullptr : limits.data());
        for (AVDictionary*& one : limits) av_dict_free(&one);
        input_.check_read();
        check(found, path_, "be read as a video");
    }
    std::int64_t pixels_allowed() const {
        const auto bytes = static_cast<std::int64_t>(std::min<std::uint64_t>(input_.file().size(), 1u << 30));
        return std::clamp(bytes * pixels_a_byte, few_pixels, most_pixels);
    }
    /// FFmpeg's own decoders of VP8 and VP9 pass over the transparency that WebM has beside them.
    const AVCodec* with_alpha() const {
        const AVDictionaryEntry* said = av_dict_get(get().metadata, "alpha_mode", nullptr, 0);
        if (said == nullptr || std::string_view(said->value) != "1") return decoder_;
        const char* const name = codec() == AV_CODEC_ID_VP8 ? "libvpx" : codec() == AV_CODEC_ID_VP9 ? "libvpx-vp9" : "";
        const AVCodec* const other = avcodec_find_decoder_by_name(name);
        return other != nullptr ? other : decoder_;
    }

    const std::int32_t* display_matrix() const {
#if LIBAVCODEC_VERSION_INT >= AV_VERSION_INT(60, 30, 100)
        const AVPacketSideData* found = av_packet_side_data_get(
            get().codecpar->coded_side_data, get().codecpar->nb_coded_side_data, AV_PKT_DATA_DISPLAYMATRIX);
        return found != nullptr && found->size >= 36 ? reinterpret_cast<const std::int32_t*>(found->data) : nullptr;
#else
        std::size_t size = 0;
        const auto* found = av_stream_get_side_data(&get(), AV_PKT_DATA_DISPLAYMATRIX, &size);
        return found != nullptr && size >= 36 ? reinterpret_cast<const std::int32_t*>(found) : nullptr;
#endif
    }
    AVRational guessed_rate() const { return av_guess_frame_rate(format(), format_->streams[index_], nullptr); }
    /// Of a pixel: a frame's, or (null) what the header says.
    AVRational aspect(const AVFrame* frame) const {
        AVFrame* const same = const_cast<AVFrame*>(frame); // which it does not change
        return av_guess_sample_aspect_ratio(format(), format_->streams[index_], same);
    }
    std::pair<int, int> square(int height, int width, AVRational aspect) const {
        const double ratio = aspect.num > 0 && aspect.den > 0 ? av_q2d(aspect) : 1;
        if (ratio >= 1.0 / 16 && ratio <= 16) {
            const double grown = (ratio > 1 ? width : height) * std::max(ratio, 1 / ratio);
            (ratio > 1 ? width : height) = static_cast<int>(std::lround(grown));
        }
        require(std::int64_t{height} * width <= most_pixels, "{} has frames of {} x {} pixels; at most {} are read",
                path_, height, width, most_pixels);
        return {height, width};
    }

    std::string path_;
    input input_; // read by what follows
    std::unique_ptr<AVFormatContext, close_input> format_;
    const AVCodec* decoder_ = nullptr;
    int index_ = 0;
    orientation orientation_;
};

} // namespace walt::detail::av
