// FFmpeg's encoders and muxers as a class: a writer of MP4, for io/mp4.hpp.
#pragma once

#include "atomic_file.hpp"
#include "libav.hpp"

#include <algorithm>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

namespace walt::detail::av {

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
        codec_->thread_count = 1; // the same bytes however many cores there are
        codec_->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
        if (!h264) {
            codec_->flags |= AV_CODEC_FLAG_QSCALE;
            codec_->global_quality = 3 * FF_QP2LAMBDA;
        }
        // Without x264's tree of macroblocks, which reads memory that nobody wrote where there is AVX-512 (build 164).
        options quality{{"crf", "16"}, {"mbtree", "0"}};
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
