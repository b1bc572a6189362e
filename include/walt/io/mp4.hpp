// Video files through FFmpeg's libraries. Needs libavformat, libavcodec, libavutil and libswscale (CMake: walt::video).
#pragma once

#include "atomic_file.hpp"
#include "frames.hpp"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/imgutils.h>
#include <libavutil/opt.h>
#include <libswscale/swscale.h>
}

#include <memory>

namespace walt {

namespace detail {

struct av_free {
    void operator()(AVFormatContext* p) const { avformat_close_input(&p); }
    void operator()(AVCodecContext* p) const { avcodec_free_context(&p); }
    void operator()(AVFrame* p) const { av_frame_free(&p); }
    void operator()(AVPacket* p) const { av_packet_free(&p); }
    void operator()(SwsContext* p) const { sws_freeContext(p); }
};
template <class T> using av_owner = std::unique_ptr<T, av_free>;

/// Throws with FFmpeg's text unless the result is a success.
inline int av_check(int result, const std::filesystem::path& path, const char* what) {
    if (result >= 0) return result;
    char text[AV_ERROR_MAX_STRING_SIZE] = {};
    av_strerror(result, text, sizeof text);
    fail(path.string(), " could not ", what, ": ", std::string_view(text));
}

/// Calls take(frame in RGB24) for the decoded frames until it returns false or the file ends.
template <class Take> void decode_frames(const std::filesystem::path& path, Take&& take) {
    av_log_set_level(AV_LOG_QUIET);
    AVFormatContext* opened = nullptr;
    av_check(avformat_open_input(&opened, path.c_str(), nullptr, nullptr), path, "be opened as a video");
    const av_owner<AVFormatContext> file(opened);
    av_check(avformat_find_stream_info(file.get(), nullptr), path, "be probed");
    const AVCodec* codec = nullptr;
    const int stream = av_check(av_find_best_stream(file.get(), AVMEDIA_TYPE_VIDEO, -1, -1, &codec, 0), path, "be read: it has no video stream");
    const av_owner<AVCodecContext> decoder(avcodec_alloc_context3(codec));
    av_check(avcodec_parameters_to_context(decoder.get(), file->streams[stream]->codecpar), path, "be decoded");
    decoder->thread_count = 1;
    av_check(avcodec_open2(decoder.get(), codec, nullptr), path, "be decoded");
    const av_owner<AVPacket> packet(av_packet_alloc());
    const av_owner<AVFrame> frame(av_frame_alloc());
    av_owner<SwsContext> scaler;
    int height = 0, width = 0;
    bool more = true;
    const auto drain = [&] {
        while (more) {
            const int result = avcodec_receive_frame(decoder.get(), frame.get());
            if (result == AVERROR(EAGAIN) || result == AVERROR_EOF) return;
            av_check(result, path, "be decoded");
            require(frame->width > 0 && frame->height > 0 && std::int64_t{frame->width} * frame->height <= 100'000'000, path.string(), " has frames of ",
                    frame->width, " x ", frame->height, ", which are not read");
            require(height == 0 || (frame->height == height && frame->width == width), path.string(), " changes its size from ", width, " x ", height, " to ",
                    frame->width, " x ", frame->height);
            height = frame->height, width = frame->width;
            scaler.reset(sws_getCachedContext(scaler.release(), width, height, static_cast<AVPixelFormat>(frame->format), width, height, AV_PIX_FMT_RGB24,
                                              SWS_BILINEAR | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT, nullptr, nullptr, nullptr));
            require(scaler != nullptr, path.string(), " has a pixel format that cannot be converted to RGB");
            const int row = av_image_get_linesize(AV_PIX_FMT_RGB24, width, 0), padded = (row + 63) / 64 * 64; // swscale writes whole vectors
            std::vector<std::uint8_t> rgb(static_cast<std::size_t>(padded) * static_cast<std::size_t>(height) + 64);
            std::uint8_t* planes[4] = {rgb.data()};
            const int strides[4] = {padded};
            sws_scale(scaler.get(), frame->data, frame->linesize, 0, height, planes, strides);
            std::vector<std::uint8_t> tight;
            tight.reserve(static_cast<std::size_t>(row) * static_cast<std::size_t>(height));
            for (int y = 0; y < height; ++y) tight.insert(tight.end(), rgb.begin() + std::ptrdiff_t{y} * padded, rgb.begin() + std::ptrdiff_t{y} * padded + row);
            more = take(tight, height, width);
            av_frame_unref(frame.get());
        }
    };
    while (more && av_read_frame(file.get(), packet.get()) >= 0) {
        if (packet->stream_index == stream && avcodec_send_packet(decoder.get(), packet.get()) >= 0) drain();
        av_packet_unref(packet.get());
    }
    if (more) {
        avcodec_send_packet(decoder.get(), nullptr);
        drain();
    }
}

} // namespace detail

/// Frames first, first + stride, ... of a video file, `count` of them at most; fewer where the file ends.
inline video read_clip(const std::filesystem::path& path, std::int64_t first, int count, int stride = 1) {
    require(first >= 0 && count >= 1 && stride >= 1, path.string(), ": a clip begins at frame 0 or later and has 1 frame or more, 1 or more apart");
    video clip;
    std::int64_t at = 0;
    detail::decode_frames(path, [&](const std::vector<std::uint8_t>& rgb, int height, int width) {
        if (at >= first && (at - first) % stride == 0) {
            clip.height = height, clip.width = width;
            clip.rgb.insert(clip.rgb.end(), rgb.begin(), rgb.end());
            ++clip.frames;
        }
        ++at;
        return clip.frames < count;
    });
    require(clip.frames > 0, path.string(), " has ", at, " frames; the clip was to begin at frame ", first);
    return clip;
}

/// A whole video file, or its first max_frames frames.
inline video read_video(const std::filesystem::path& path, int max_frames = 1 << 20) { return read_clip(path, 0, max_frames); }

/// Writes an MP4 (H.264, or MPEG-4 where there is no x264), enlarged to 192 pixels or more so that it can be watched.
inline void write_mp4(const std::filesystem::path& path, const video& from, int frames_per_second = 8) {
    using detail::av_check;
    require(from.complete(), path.string(), ": a video of ", from.frames, " x ", from.height, " x ", from.width, " with ", from.rgb.size(), " bytes cannot be an MP4");
    require(frames_per_second > 0, path.string(), ": frames per second must be positive, not ", frames_per_second);
    av_log_set_level(AV_LOG_QUIET);
    const int smaller = std::min(from.height, from.width);
    const video large = upscale(from, smaller < 192 ? (192 + smaller - 1) / smaller : 1);
    const AVCodec* codec = avcodec_find_encoder_by_name("libx264");
    if (!codec) codec = avcodec_find_encoder(AV_CODEC_ID_MPEG4);
    require(codec != nullptr, path.string(), " cannot be written: this FFmpeg has neither an H.264 nor an MPEG-4 encoder");

    const std::filesystem::path temporary = path.string() + ".tmp-" + std::to_string(::getpid());
    struct remove_later {
        const std::filesystem::path& file;
        ~remove_later() { ::unlink(file.c_str()); }
    } const removes{temporary};
    AVFormatContext* made = nullptr;
    av_check(avformat_alloc_output_context2(&made, nullptr, "mp4", temporary.c_str()), path, "be written");
    const std::unique_ptr<AVFormatContext, void (*)(AVFormatContext*)> file(made, [](AVFormatContext* p) {
        if (p->pb) avio_closep(&p->pb);
        avformat_free_context(p);
    });
    AVStream* stream = avformat_new_stream(file.get(), nullptr);
    const detail::av_owner<AVCodecContext> encoder(avcodec_alloc_context3(codec));
    encoder->width = large.width / 2 * 2, encoder->height = large.height / 2 * 2; // 4:2:0 needs even sides
    encoder->time_base = {1, frames_per_second};
    encoder->framerate = {frames_per_second, 1};
    encoder->pix_fmt = AV_PIX_FMT_YUV420P;
    encoder->thread_count = 1;
    encoder->bit_rate = 2'000'000;
    av_opt_set(encoder->priv_data, "crf", "16", 0);
    if (file->oformat->flags & AVFMT_GLOBALHEADER) encoder->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    av_check(avcodec_open2(encoder.get(), codec, nullptr), path, "be encoded");
    av_check(avcodec_parameters_from_context(stream->codecpar, encoder.get()), path, "be encoded");
    stream->time_base = encoder->time_base;
    av_check(avio_open(&file->pb, temporary.c_str(), AVIO_FLAG_WRITE), path, "be written");
    av_check(avformat_write_header(file.get(), nullptr), path, "be written");

    const detail::av_owner<SwsContext> scaler(sws_getContext(large.width, large.height, AV_PIX_FMT_RGB24, encoder->width, encoder->height, AV_PIX_FMT_YUV420P,
                                                             SWS_BILINEAR | SWS_ACCURATE_RND, nullptr, nullptr, nullptr));
    const detail::av_owner<AVFrame> frame(av_frame_alloc());
    const detail::av_owner<AVPacket> packet(av_packet_alloc());
    require(scaler && frame && packet, path.string(), " could not be written: out of memory");
    frame->format = encoder->pix_fmt, frame->width = encoder->width, frame->height = encoder->height;
    av_check(av_frame_get_buffer(frame.get(), 0), path, "be encoded");
    for (int f = 0; f <= large.frames; ++f) { // the last round flushes
        if (f < large.frames) {
            av_check(av_frame_make_writable(frame.get()), path, "be encoded");
            const std::uint8_t* planes[4] = {large.frame(f)};
            const int strides[4] = {3 * large.width};
            sws_scale(scaler.get(), planes, strides, 0, large.height, frame->data, frame->linesize);
            frame->pts = f;
        }
        av_check(avcodec_send_frame(encoder.get(), f < large.frames ? frame.get() : nullptr), path, "be encoded");
        while (true) {
            const int result = avcodec_receive_packet(encoder.get(), packet.get());
            if (result == AVERROR(EAGAIN) || result == AVERROR_EOF) break;
            av_check(result, path, "be encoded");
            packet->duration = 1;
            av_packet_rescale_ts(packet.get(), encoder->time_base, stream->time_base);
            packet->stream_index = stream->index;
            av_check(av_interleaved_write_frame(file.get(), packet.get()), path, "be written");
        }
    }
    av_check(av_write_trailer(file.get()), path, "be written");
    avio_closep(&file->pb);
    require(::rename(temporary.c_str(), path.c_str()) == 0, path.string(), " could not be renamed into place: ", std::string_view(std::strerror(errno)));
}

} // namespace walt
