// Video files of any kind for tests, made by FFmpeg's encoders and muxers.
#pragma once

#include <walt/io/libav.hpp>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

/// How they are made: 25 frames a second, or at these times.
struct video_kind {
    const char* muxer = "matroska";
    const char* encoder = "mpeg4";
    AVPixelFormat format = AV_PIX_FMT_YUV420P;
    int height = 48, width = 64, key_every = 12, b_frames = 0;
    AVRational aspect{1, 1};
    std::vector<std::int64_t> times{};                               ///< of each frame, in thousandths of a second
    std::vector<std::pair<const char*, std::string>> about_stream{}; ///< metadata
};

/// False where this FFmpeg has no encoder of such frames.
inline bool make_video(const std::filesystem::path& path, int frames, const video_kind& kind,
                       const std::function<void(AVFrame&, int)>& draw) {
    namespace av = walt::detail::av;
    const std::string name = path.string();
    av::quieten();
    const AVCodec* encoder = avcodec_find_encoder_by_name(kind.encoder);
    if (encoder == nullptr) return false;
    const av::owned<AVCodecContext> codec(avcodec_alloc_context3(encoder));
    codec->width = kind.width, codec->height = kind.height, codec->pix_fmt = kind.format;
    codec->time_base = kind.times.empty() ? AVRational{1, 25} : AVRational{1, 1000}, codec->framerate = {25, 1};
    codec->gop_size = kind.key_every, codec->max_b_frames = kind.b_frames;
    codec->sample_aspect_ratio = kind.aspect;
    codec->thread_count = 1;
    codec->bit_rate = 2'000'000;
    AVFormatContext* format = nullptr;
    av::check(avformat_alloc_output_context2(&format, nullptr, kind.muxer, nullptr), name, "be made");
    if (format->oformat->flags & AVFMT_GLOBALHEADER) codec->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    if (avcodec_open2(codec.get(), encoder, nullptr) < 0) { // it does not take such frames
        avformat_free_context(format);
        return false;
    }
    AVStream* stream = avformat_new_stream(format, nullptr);
    avcodec_parameters_from_context(stream->codecpar, codec.get());
    stream->time_base = codec->time_base;
    stream->sample_aspect_ratio = kind.aspect;
    for (const auto& [key, value] : kind.about_stream) av_dict_set(&stream->metadata, key, value.c_str(), 0);
    av::check(avio_open(&format->pb, name.c_str(), AVIO_FLAG_WRITE), name, "be opened");
    av::check(avformat_write_header(format, nullptr), name, "be made");
    const av::owned<AVPacket> packet(av_packet_alloc());
    const av::owned<AVFrame> frame(av_frame_alloc());
    frame->format = kind.format, frame->width = kind.width, frame->height = kind.height;
    frame->sample_aspect_ratio = kind.aspect;
    av::check(av_frame_get_buffer(frame.get(), 0), name, "be made");
    for (int f = 0; f <= frames; ++f) {
        if (f < frames) {
            av::check(av_frame_make_writable(frame.get()), name, "be made");
            draw(*frame, f);
            frame->pts = kind.times.empty() ? f : kind.times[static_cast<std::size_t>(f)];
        }
        av::check(avcodec_send_frame(codec.get(), f < frames ? frame.get() : nullptr), name, "be encoded");
        while (avcodec_receive_packet(codec.get(), packet.get()) >= 0) {
            av_packet_rescale_ts(packet.get(), codec->time_base, stream->time_base);
            packet->stream_index = 0;
            if (kind.times.empty()) packet->duration = av_rescale_q(1, codec->time_base, stream->time_base);
            av::check(av_interleaved_write_frame(format, packet.get()), name, "be written");
        }
    }
    av::check(av_write_trailer(format), name, "be written");
    avio_closep(&format->pb);
    avformat_free_context(format);
    return true;
}

/// Fills a plane of 8 bits.
inline void fill(AVFrame& frame, int plane, int rows, int columns, int level) {
    for (int y = 0; y < rows; ++y)
        for (int x = 0; x < columns; ++x)
            frame.data[plane][y * frame.linesize[plane] + x] = static_cast<std::uint8_t>(level);
}

/// Frame f of YUV420P is grey, of the level 20 + 3 f, with a pattern that makes each unlike others.
inline void draw_grey(AVFrame& frame, int f) {
    for (int y = 0; y < frame.height; ++y)
        for (int x = 0; x < frame.width; ++x)
            frame.data[0][y * frame.linesize[0] + x] = static_cast<std::uint8_t>(20 + 3 * f + (x + y * f) % 5);
    for (const int plane : {1, 2}) fill(frame, plane, (frame.height + 1) / 2, (frame.width + 1) / 2, 128);
}
