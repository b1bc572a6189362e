// FFmpeg's C interface as two classes: a reader of frames and a writer of MP4, for io/mp4.hpp.
#pragma once

#include "atomic_file.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/imgutils.h>
#include <libavutil/opt.h>
#include <libswscale/swscale.h>
}

namespace walt::detail::av {

inline constexpr std::int64_t most_pixels = 100'000'000;

struct release {
    void operator()(AVFrame* p) const { av_frame_free(&p); }
    void operator()(AVPacket* p) const { av_packet_free(&p); }
    void operator()(AVCodecContext* p) const { avcodec_free_context(&p); }
    void operator()(SwsContext* p) const { sws_freeContext(p); }
};
template <class T> using owned = std::unique_ptr<T, release>;

/// Options by name, as FFmpeg takes them.
class options {
  public:
    options(std::initializer_list<std::pair<const char*, std::string>> list) {
        for (const auto& [key, value] : list) av_dict_set(&list_, key, value.c_str(), 0);
    }
    ~options() { av_dict_free(&list_); }
    options(const options&) = delete;
    options& operator=(const options&) = delete;
    AVDictionary** get() { return &list_; }

  private:
    AVDictionary* list_ = nullptr;
};

/// Throws what FFmpeg says unless it says yes; returns its number.
inline int check(int code, const std::string& path, const char* what) {
    if (code >= 0) return code;
    char text[AV_ERROR_MAX_STRING_SIZE];
    av_strerror(code, text, sizeof text);
    fail("{} could not {}: {}", path, what, std::string_view(text));
}
template <class T> T* check(T* made, const std::string& path, const char* what) {
    require(made != nullptr, "{} could not {}: FFmpeg is out of memory or was built without this", path, what);
    return made;
}

/// What FFmpeg complains of reaches the user as walt::error; a program that has chosen a log level keeps it.
inline void quieten() {
    [[maybe_unused]] static const bool once =
        (av_log_get_level() == AV_LOG_INFO ? av_log_set_level(AV_LOG_FATAL) : void(), true);
}

/// The video stream of a local file, frame after frame.
class reader {
  public:
    explicit reader(const std::filesystem::path& path) : path_(path.string()) {
        quieten();
        options local{{"protocol_whitelist", "file"}}; // a playlist that names another host stays unopened
        AVFormatContext* opened = nullptr;
        check(avformat_open_input(&opened, ("file:" + path_).c_str(), nullptr, local.get()), path_,
              "be opened as a video");
        format_.reset(opened);
        find_streams();
        const AVCodec* decoder = nullptr;
        stream_ = check(av_find_best_stream(opened, AVMEDIA_TYPE_VIDEO, -1, -1, &decoder, 0), path_,
                        "be read: it has no video stream");
        codec_.reset(check(avcodec_alloc_context3(decoder), path_, "be decoded"));
        check(avcodec_parameters_to_context(codec_.get(), stream().codecpar), path_, "be decoded");
        codec_->max_pixels = most_pixels;
        check(avcodec_open2(codec_.get(), decoder, nullptr), path_, "be decoded");
        frame_.reset(check(av_frame_alloc(), path_, "be decoded"));
        rgb_.reset(check(av_frame_alloc(), path_, "be decoded"));
        packet_.reset(check(av_packet_alloc(), path_, "be decoded"));
    }

    int height() const { return stream().codecpar->height; }
    int width() const { return stream().codecpar->width; }
    double frames_per_second() const {
        const AVRational rate = av_guess_frame_rate(format_.get(), format_->streams[stream_], nullptr);
        return rate.den != 0 ? av_q2d(rate) : 0;
    }

    std::string comment() const {
        const AVDictionaryEntry* found = av_dict_get(format_->metadata, "comment", nullptr, 0);
        return found != nullptr ? found->value : "";
    }

    /// Frames left in the file, by its packets (less those that an edit list cuts away). Uses the file up.
    std::int64_t count() {
        std::int64_t packets = 0;
        while (next_packet()) {
            packets += (packet_->flags & AV_PKT_FLAG_DISCARD) == 0;
            av_packet_unref(packet_.get());
        }
        return packets;
    }

    /// The next frame, which lives until the next call; null after the last one.
    const AVFrame* next() {
        for (;;) {
            const int code = avcodec_receive_frame(codec_.get(), frame_.get());
            if (code == AVERROR_EOF) return nullptr;
            if (code != AVERROR(EAGAIN)) {
                check(code, path_, "be decoded");
                return frame_.get();
            }
            const bool more = next_packet(); // a null packet asks for what the decoder still holds
            const int sent = avcodec_send_packet(codec_.get(), more ? packet_.get() : nullptr);
            av_packet_unref(packet_.get());
            check(sent, path_, "be decoded");
        }
    }

    /// The frame's pixels as 8-bit RGB at the end of `to`.
    void append_rgb(const AVFrame& frame, std::vector<std::uint8_t>& to) {
        const auto format = static_cast<AVPixelFormat>(frame.format);
        scaler_.reset(
            check(sws_getCachedContext(scaler_.release(), frame.width, frame.height, format, frame.width, frame.height,
                                       AV_PIX_FMT_RGB24, SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT, nullptr,
                                       nullptr, nullptr),
                  path_, "be converted to RGB"));
        const int* colours = sws_getCoefficients(frame.colorspace);
        sws_setColorspaceDetails(scaler_.get(), colours, frame.color_range == AVCOL_RANGE_JPEG, colours, 1, 0, 1 << 16,
                                 1 << 16);
        if (rgb_->width != frame.width ||
            rgb_->height != frame.height) { // aligned rows: swscale writes beyond tight ones
            av_frame_unref(rgb_.get());
            rgb_->format = AV_PIX_FMT_RGB24;
            rgb_->width = frame.width;
            rgb_->height = frame.height;
            check(av_frame_get_buffer(rgb_.get(), 0), path_, "be converted to RGB");
        }
        check(sws_scale(scaler_.get(), frame.data, frame.linesize, 0, frame.height, rgb_->data, rgb_->linesize), path_,
              "be converted to RGB");
        for (int y = 0; y < frame.height; ++y) {
            const std::uint8_t* row = rgb_->data[0] + std::ptrdiff_t{y} * rgb_->linesize[0];
            to.insert(to.end(), row, row + std::ptrdiff_t{3} * frame.width);
        }
    }

  private:
    struct close_input {
        void operator()(AVFormatContext* p) const { avformat_close_input(&p); }
    };

    const AVStream& stream() const { return *format_->streams[stream_]; }

    /// Decodes a little to find out what is in the file, with the limit on pixels for every stream.
    void find_streams() {
        std::vector<AVDictionary*> limits(format_->nb_streams, nullptr);
        for (AVDictionary*& one : limits) av_dict_set_int(&one, "max_pixels", most_pixels, 0);
        const int code = avformat_find_stream_info(format_.get(), limits.empty() ? nullptr : limits.data());
        for (AVDictionary*& one : limits) av_dict_free(&one);
        check(code, path_, "be read as a video");
    }

    bool next_packet() {
        for (;;) {
            const int code = av_read_frame(format_.get(), packet_.get());
            if (code == AVERROR_EOF) return false;
            check(code, path_, "be read");
            if (packet_->stream_index == stream_) return true;
            av_packet_unref(packet_.get());
        }
    }

    std::string path_;
    std::unique_ptr<AVFormatContext, close_input> format_;
    int stream_ = 0;
    owned<AVCodecContext> codec_;
    owned<AVFrame> frame_, rgb_;
    owned<AVPacket> packet_;
    owned<SwsContext> scaler_;
};

/// An atomic_file that FFmpeg writes.
class output {
  public:
    explicit output(const std::filesystem::path& path) : path_(path.string()), file_(path) {
        auto* buffer = check(static_cast<std::uint8_t*>(av_malloc(buffer_size)), path_, "be made an MP4");
        context_ = avio_alloc_context(buffer, buffer_size, 1, this, nullptr, write, seek);
        if (context_ == nullptr) av_free(buffer);
        check(context_, path_, "be made an MP4");
    }
    output(const output&) = delete;
    output& operator=(const output&) = delete;
    ~output() {
        av_freep(&context_->buffer);
        avio_context_free(&context_);
    }
    AVIOContext* get() const { return context_; }
    /// Throws what went wrong inside of FFmpeg's calls, if anything did.
    void check_written() const {
        if (problem_) std::rethrow_exception(problem_);
    }
    void commit() {
        avio_flush(context_);
        check_written();
        file_.commit();
    }

  private:
    static constexpr int buffer_size = 1 << 16;

#if LIBAVFORMAT_VERSION_MAJOR >= 61
    using bytes = const std::uint8_t*;
#else
    using bytes = std::uint8_t*;
#endif
    // FFmpeg is C: no exception may pass through it.
    static int write(void* self, bytes from, int count) {
        return static_cast<output*>(self)->guarded([&](output& out) {
            out.file_.write(std::as_bytes(std::span(from, static_cast<std::size_t>(count))));
            out.at_ += count;
            out.end_ = std::max(out.end_, out.at_);
            return count;
        });
    }
    static std::int64_t seek(void* self, std::int64_t offset, int whence) {
        return static_cast<output*>(self)->guarded([&](output& out) -> std::int64_t {
            if (whence & AVSEEK_SIZE) return out.end_;
            const int way = whence & ~AVSEEK_FORCE;
            const std::int64_t from = way == SEEK_SET ? 0 : way == SEEK_CUR ? out.at_ : out.end_;
            out.file_.seek(from + offset);
            return out.at_ = from + offset;
        });
    }
    template <class Work> auto guarded(Work&& work) -> decltype(work(*this)) {
        try {
            return work(*this);
        } catch (...) {
            problem_ = std::current_exception();
            return AVERROR(EIO);
        }
    }

    std::string path_;
    atomic_file file_;
    AVIOContext* context_ = nullptr;
    std::int64_t at_ = 0, end_ = 0;
    std::exception_ptr problem_;
};

/// An MP4 file that is written as its frames come, and takes the place of another whole or not at all. What stays in
/// memory is the list of its frames' places, some bytes for each.
class writer {
  public:
    writer(const std::filesystem::path& path, int height, int width, double frames_per_second,
           const std::string& comment = "")
        : path_(path.string()), height_(height), width_(width), file_(path) {
        quieten();
        AVFormatContext* made = nullptr;
        check(avformat_alloc_output_context2(&made, nullptr, "mp4", nullptr), path_, "be made an MP4");
        format_.reset(made);
        const AVCodec* encoder = avcodec_find_encoder_by_name("libx264");
        const bool h264 = encoder != nullptr;
        if (!h264) encoder = check(avcodec_find_encoder(AV_CODEC_ID_MPEG4), path_, "be encoded");
        codec_.reset(check(avcodec_alloc_context3(encoder), path_, "be encoded"));
        codec_->width = width + width % 2;
        codec_->height = height + height % 2;
        codec_->pix_fmt = AV_PIX_FMT_YUV420P;
        codec_->colorspace = AVCOL_SPC_SMPTE170M; // what swscale makes, and players expect of small videos
        codec_->color_range = AVCOL_RANGE_MPEG;
        codec_->framerate = av_d2q(frames_per_second, 60'000);
        codec_->time_base = av_inv_q(codec_->framerate);
        codec_->thread_count = 1; // the same bytes on every machine
        codec_->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
        if (!h264) {
            codec_->flags |= AV_CODEC_FLAG_QSCALE;
            codec_->global_quality = 3 * FF_QP2LAMBDA;
        }
        options quality{{"crf", "16"}};
        check(avcodec_open2(codec_.get(), encoder, h264 ? quality.get() : nullptr), path_, "be encoded");
        AVStream* stream = check(avformat_new_stream(made, nullptr), path_, "be made an MP4");
        stream->time_base = codec_->time_base;
        stream->avg_frame_rate = codec_->framerate;
        check(avcodec_parameters_from_context(stream->codecpar, codec_.get()), path_, "be made an MP4");
        made->pb = file_.get();
        if (!comment.empty())
            check(av_dict_set(&made->metadata, "comment", comment.c_str(), 0), path_, "be given a comment");
        written(avformat_write_header(made, nullptr));

        rgb_ = frame_of(AV_PIX_FMT_RGB24);
        yuv_ = frame_of(AV_PIX_FMT_YUV420P);
        packet_.reset(check(av_packet_alloc(), path_, "be encoded"));
        scaler_.reset(
            check(sws_getContext(codec_->width, codec_->height, AV_PIX_FMT_RGB24, codec_->width, codec_->height,
                                 AV_PIX_FMT_YUV420P, SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INP, nullptr,
                                 nullptr, nullptr),
                  path_, "be converted from RGB"));
    }

    /// The next frame: [height, width, 3].
    void add(const std::uint8_t* pixels) {
        for (int y = 0; y < codec_->height; ++y) {
            const std::uint8_t* from = pixels + std::ptrdiff_t{3} * std::min(y, height_ - 1) * width_;
            std::uint8_t* to = rgb_->data[0] + std::ptrdiff_t{y} * rgb_->linesize[0];
            std::copy_n(from, 3 * width_, to);
            if (codec_->width > width_) std::copy_n(from + 3 * (width_ - 1), 3, to + 3 * width_);
        }
        check(av_frame_make_writable(yuv_.get()), path_, "be encoded");
        check(sws_scale(scaler_.get(), rgb_->data, rgb_->linesize, 0, codec_->height, yuv_->data, yuv_->linesize),
              path_, "be converted from RGB");
        yuv_->pts = frames_++;
        encode(yuv_.get());
    }

    /// The file is whole, and on disk.
    void finish() {
        encode(nullptr);
        written(av_write_trailer(format_.get()));
        file_.commit();
    }

  private:
    struct free_output {
        void operator()(AVFormatContext* p) const { avformat_free_context(p); }
    };

    void written(int code) const {
        file_.check_written();
        check(code, path_, "be made an MP4");
    }
    owned<AVFrame> frame_of(AVPixelFormat format) const {
        owned<AVFrame> frame(check(av_frame_alloc(), path_, "be encoded"));
        frame->format = format;
        frame->width = codec_->width;
        frame->height = codec_->height;
        check(av_frame_get_buffer(frame.get(), 0), path_, "be encoded");
        return frame;
    }

    /// Hands a frame to the encoder (null: the last one was) and what comes out to the file.
    void encode(const AVFrame* frame) {
        check(avcodec_send_frame(codec_.get(), frame), path_, "be encoded");
        for (;;) {
            const int code = avcodec_receive_packet(codec_.get(), packet_.get());
            if (code == AVERROR(EAGAIN) || code == AVERROR_EOF) return;
            check(code, path_, "be encoded");
            packet_->duration = 1;
            packet_->stream_index = 0;
            av_packet_rescale_ts(packet_.get(), codec_->time_base, format_->streams[0]->time_base);
            written(av_interleaved_write_frame(format_.get(), packet_.get()));
        }
    }

    std::string path_;
    int height_, width_;
    std::int64_t frames_ = 0;
    output file_;
    std::unique_ptr<AVFormatContext, free_output> format_;
    owned<AVCodecContext> codec_;
    owned<AVFrame> rgb_, yuv_;
    owned<AVPacket> packet_;
    owned<SwsContext> scaler_;
};

} // namespace walt::detail::av
