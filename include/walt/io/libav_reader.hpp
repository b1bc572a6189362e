// FFmpeg's demuxers and decoders as a class: the frames of a video file as players show them, for io/mp4.hpp.
#pragma once

#include "libav.hpp"
#include "read_file.hpp"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <time.h>

extern "C" {
#include <libavutil/display.h>
#include <libavutil/pixdesc.h>
}

namespace walt::detail::av {

/// Most pixels of a frame: 8192 x 8192. A small file may have no more than so many a byte, or this many.
inline constexpr std::int64_t most_pixels = std::int64_t{1} << 26, pixels_a_byte = 10'000, few_pixels = 1 << 22;
/// Containers that hold a video; none that names other files (playlists), none that is a device.
inline constexpr const char* containers = "mov,matroska,webm,avi,gif,yuv4mpegpipe,mpeg,mpegvideo,mpegts,m4v,h264,hevc,"
                                          "ogg,flv,ivf,asf,mjpeg,apng,nut,dv,mxf,obu,av1";
/// Seconds that opening a file, or its next frame, may take.
inline constexpr std::int64_t deadline = 60;

/// A regular file as FFmpeg reads it, and the end of its time.
class input {
  public:
    explicit input(const std::filesystem::path& path) : file_(path) {
        constexpr int size = 1 << 16;
        auto* buffer = check(static_cast<std::uint8_t*>(av_malloc(size)), file_.path(), "be read");
        context_ = avio_alloc_context(buffer, size, 0, this, read, nullptr, seek);
        if (context_ == nullptr) av_free(buffer);
        check(context_, file_.path(), "be read");
    }
    input(const input&) = delete;
    input& operator=(const input&) = delete;
    ~input() {
        av_freep(&context_->buffer);
        avio_context_free(&context_);
    }
    AVIOContext* get() const { return context_; }
    const opened_file& file() const { return file_; }
    /// The time that is left begins anew.
    void begin() { until_ = seconds() + deadline; }
    static int late(void* self) { return seconds() > static_cast<input*>(self)->until_; }

  private:
    static std::int64_t seconds() {
        ::timespec now{};
        ::clock_gettime(CLOCK_MONOTONIC, &now);
        return static_cast<std::int64_t>(now.tv_sec);
    }
    // FFmpeg is C: no exception may pass through it.
    static int read(void* self, std::uint8_t* to, int count) {
        input& in = *static_cast<input*>(self);
        const std::uint64_t left = in.file_.size() - std::min(in.file_.size(), in.at_);
        const auto some = static_cast<std::size_t>(std::min<std::uint64_t>(left, static_cast<std::uint64_t>(count)));
        if (late(self)) return AVERROR_EXIT;
        if (some == 0) return AVERROR_EOF;
        try {
            in.file_.read(in.at_, std::as_writable_bytes(std::span(to, some)));
        } catch (...) {
            return AVERROR(EIO);
        }
        in.at_ += some;
        return static_cast<int>(some);
    }
    static std::int64_t seek(void* self, std::int64_t offset, int whence) {
        input& in = *static_cast<input*>(self);
        const auto size = static_cast<std::int64_t>(in.file_.size());
        if (whence & AVSEEK_SIZE) return size;
        const int way = whence & ~AVSEEK_FORCE;
        const std::int64_t from = way == SEEK_SET ? 0 : way == SEEK_CUR ? static_cast<std::int64_t>(in.at_) : size;
        std::int64_t place = 0;
        if (__builtin_add_overflow(from, offset, &place) || place < 0) return AVERROR(EINVAL);
        in.at_ = static_cast<std::uint64_t>(place);
        return place;
    }

    opened_file file_;
    AVIOContext* context_ = nullptr;
    std::uint64_t at_ = 0;
    std::int64_t until_ = 0;
};

/// How a stored picture is turned to be shown: transposed, then mirrored.
struct turn {
    bool transposed = false, mirrored_x = false, mirrored_y = false;
    bool none() const { return !transposed && !mirrored_x && !mirrored_y; }

    /// Of a display matrix, to the nearest right angle.
    static turn of(const std::int32_t* m) {
        if (m == nullptr) return {};
        const auto size = [&](int i) { return std::abs(static_cast<std::int64_t>(m[i])); };
        if (size(0) + size(4) >= size(1) + size(3)) return {false, m[0] < 0, m[4] < 0};
        return {true, m[3] < 0, m[1] < 0};
    }
    /// from [height, width, 3], as it is stored, to the end of `to`.
    void append(const std::uint8_t* from, std::ptrdiff_t row, int height, int width,
                std::vector<std::uint8_t>& to) const {
        const int shown_height = transposed ? width : height, shown_width = transposed ? height : width;
        for (int y = 0; y < shown_height; ++y)
            for (int x = 0; x < shown_width; ++x) {
                const int along = mirrored_x ? shown_width - 1 - x : x, down = mirrored_y ? shown_height - 1 - y : y;
                const std::uint8_t* pixel = from + (transposed ? along : down) * row + 3 * (transposed ? down : along);
                to.insert(to.end(), pixel, pixel + 3);
            }
    }
};

/// The video stream of a regular file, frame after frame, by its content whatever its name: turned upright, its pixels
/// made square, over black where it is transparent. A file that is spoilt further on ends there, and says so on stderr.
class reader {
  public:
    /// rate 0: every frame. Else so many a second: each is the one that is shown at its time.
    explicit reader(const std::filesystem::path& path, double rate = 0)
        : path_(path.string()), input_(std::make_unique<input>(path)), rate_(rate) {
        require(rate >= 0 && rate <= 1000, "{}: frames are read at 0 (as they are) to 1000 a second, not {}", path_,
                rate);
        quieten();
        open();
        const AVCodec* decoder = nullptr;
        stream_ = check(av_find_best_stream(format_.get(), AVMEDIA_TYPE_VIDEO, -1, -1, &decoder, 0), path_,
                        "be read: it has no video stream");
        codec_.reset(check(avcodec_alloc_context3(decoder), path_, "be decoded"));
        check(avcodec_parameters_to_context(codec_.get(), stream().codecpar), path_, "be decoded");
        codec_->max_pixels = pixels_allowed();
        check(avcodec_open2(codec_.get(), decoder, nullptr), path_, "be decoded");
        for (owned<AVFrame>* one : {&frame_, &ahead_, &rgb_}) one->reset(check(av_frame_alloc(), path_, "be decoded"));
        packet_.reset(check(av_packet_alloc(), path_, "be decoded"));
        turn_ = turn::of(display_matrix());
    }

    /// Of a frame as it is shown.
    int height() const { return shown(stream().codecpar->height, stream().codecpar->width, stream_aspect()).first; }
    int width() const { return shown(stream().codecpar->height, stream().codecpar->width, stream_aspect()).second; }
    double frames_per_second() const {
        if (rate_ > 0) return rate_;
        const AVRational rate = av_guess_frame_rate(format_.get(), format_->streams[stream_], nullptr);
        return rate.den != 0 ? av_q2d(rate) : 0;
    }

    std::string comment() const {
        const AVDictionaryEntry* found = av_dict_get(format_->metadata, "comment", nullptr, 0);
        return found != nullptr ? found->value : "";
    }

    /// About how many frames are left, by packets (at a rate, by time): a packet may hold none. Uses the file up.
    std::int64_t packets() {
        std::int64_t packets = 0, last = AV_NOPTS_VALUE;
        input_->begin();
        while (next_packet()) {
            packets += (packet_->flags & AV_PKT_FLAG_DISCARD) == 0;
            if (packet_->pts != AV_NOPTS_VALUE && (last == AV_NOPTS_VALUE || packet_->pts > last)) last = packet_->pts;
            av_packet_unref(packet_.get());
        }
        if (rate_ == 0 || last == AV_NOPTS_VALUE) return packets;
        const std::int64_t begin = stream().start_time == AV_NOPTS_VALUE ? 0 : stream().start_time;
        return 1 + static_cast<std::int64_t>(static_cast<double>(last - begin) * av_q2d(stream().time_base) * rate_);
    }

    /// The next frame, which lives until the next call; null after the last one.
    const AVFrame* next() {
        if (rate_ == 0) return decode(*frame_) ? frame_.get() : nullptr;
        if (!begun_) {
            begun_ = true;
            if (!decode(*frame_)) return nullptr;
            first_ = time_of(*frame_, 0);
            more_ = decode(*ahead_);
        }
        const double now = first_ + static_cast<double>(given_) / rate_;
        for (int passed = 0; more_ && time_of(*ahead_, passed) <= now + 1e-6; ++passed) {
            std::swap(frame_, ahead_);
            more_ = decode(*ahead_);
        }
        if (!more_ && given_ > 0 && now >= time_of(*frame_, 0) + duration_of(*frame_) - 1e-6) return nullptr;
        ++given_;
        return frame_.get();
    }

    /// Height and width of a frame as it is shown.
    std::pair<int, int> shown(const AVFrame& frame) const {
        AVFrame* const same = const_cast<AVFrame*>(&frame); // which it does not change
        return shown(frame.height, frame.width,
                     av_guess_sample_aspect_ratio(format_.get(), format_->streams[stream_], same));
    }

    /// The frame's pixels as 8-bit RGB, as it is shown, at the end of `to`.
    void append_rgb(const AVFrame& frame, std::vector<std::uint8_t>& to) {
        const auto format = static_cast<AVPixelFormat>(frame.format);
        const AVPixFmtDescriptor* described = av_pix_fmt_desc_get(format);
        const bool transparent = described != nullptr && (described->flags & AV_PIX_FMT_FLAG_ALPHA) != 0;
        const AVPixelFormat wanted = transparent ? AV_PIX_FMT_RGBA : AV_PIX_FMT_RGB24;
        auto [height, width] = shown(frame);
        if (turn_.transposed) std::swap(height, width);
        scaler_.reset(
            check(sws_getCachedContext(scaler_.release(), frame.width, frame.height, format, width, height, wanted,
                                       SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT, nullptr, nullptr, nullptr),
                  path_, "be converted to RGB"));
        const int* colours = sws_getCoefficients(frame.colorspace);
        sws_setColorspaceDetails(scaler_.get(), colours, frame.color_range == AVCOL_RANGE_JPEG, colours, 1, 0, 1 << 16,
                                 1 << 16);
        if (rgb_->width != width || rgb_->height != height || rgb_->format != wanted) {
            av_frame_unref(rgb_.get()); // aligned rows: swscale writes beyond tight ones
            rgb_->format = wanted;
            rgb_->width = width;
            rgb_->height = height;
            check(av_frame_get_buffer(rgb_.get(), 0), path_, "be converted to RGB");
        }
        check(sws_scale(scaler_.get(), frame.data, frame.linesize, 0, frame.height, rgb_->data, rgb_->linesize), path_,
              "be converted to RGB");
        if (transparent) over_black(height, width);
        if (!turn_.none()) return turn_.append(rgb_->data[0], rgb_->linesize[0], height, width, to);
        for (int y = 0; y < height; ++y) {
            const std::uint8_t* row = rgb_->data[0] + std::ptrdiff_t{y} * rgb_->linesize[0];
            to.insert(to.end(), row, row + std::ptrdiff_t{3} * width);
        }
    }

  private:
    struct close_input {
        void operator()(AVFormatContext* p) const { avformat_close_input(&p); }
    };

    const AVStream& stream() const { return *format_->streams[stream_]; }
    std::int64_t pixels_allowed() const {
        const auto bytes = static_cast<std::int64_t>(std::min<std::uint64_t>(input_->file().size(), 1u << 30));
        return std::clamp(bytes * pixels_a_byte, few_pixels, most_pixels);
    }

    void open() {
        input_->begin();
        AVFormatContext* opened = check(avformat_alloc_context(), path_, "be opened as a video");
        opened->pb = input_->get();
        opened->interrupt_callback = {input::late, input_.get()};
        options known{{"format_whitelist", containers}, {"protocol_whitelist", "none"}};
        const int code = avformat_open_input(&opened, "", nullptr, known.get()); // which frees it where that fails
        check(code, path_, "be opened as a video");
        format_.reset(opened);
        // A little is decoded to find out what is in the file, with the limit on pixels for every stream.
        std::vector<AVDictionary*> limits(opened->nb_streams, nullptr);
        for (AVDictionary*& one : limits) av_dict_set_int(&one, "max_pixels", pixels_allowed(), 0);
        const int found = avformat_find_stream_info(opened, limits.empty() ? nullptr : limits.data());
        for (AVDictionary*& one : limits) av_dict_free(&one);
        check(found, path_, "be read as a video");
    }

    const std::int32_t* display_matrix() const {
#if LIBAVCODEC_VERSION_INT >= AV_VERSION_INT(60, 30, 100)
        const AVPacketSideData* found = av_packet_side_data_get(
            stream().codecpar->coded_side_data, stream().codecpar->nb_coded_side_data, AV_PKT_DATA_DISPLAYMATRIX);
        return found != nullptr && found->size >= 36 ? reinterpret_cast<const std::int32_t*>(found->data) : nullptr;
#else
        std::size_t size = 0;
        const auto* found = av_stream_get_side_data(&stream(), AV_PKT_DATA_DISPLAYMATRIX, &size);
        return found != nullptr && size >= 36 ? reinterpret_cast<const std::int32_t*>(found) : nullptr;
#endif
    }
    AVRational stream_aspect() const {
        return av_guess_sample_aspect_ratio(format_.get(), format_->streams[stream_], nullptr);
    }
    /// Pixels become square by enlarging one side; then the picture is turned.
    std::pair<int, int> shown(int height, int width, AVRational aspect) const {
        const double ratio = aspect.num > 0 && aspect.den > 0 ? av_q2d(aspect) : 1;
        if (ratio >= 1.0 / 16 && ratio <= 16) {
            const double grown = (ratio > 1 ? width : height) * std::max(ratio, 1 / ratio);
            (ratio > 1 ? width : height) = static_cast<int>(std::lround(grown));
        }
        require(std::int64_t{height} * width <= most_pixels, "{} has frames of {} x {} pixels; at most {} are read",
                path_, height, width, most_pixels);
        if (turn_.transposed) std::swap(height, width);
        return {height, width};
    }
    void over_black(int height, int width) const {
        for (int y = 0; y < height; ++y) {
            std::uint8_t* row = rgb_->data[0] + std::ptrdiff_t{y} * rgb_->linesize[0];
            for (int x = 0; x < width; ++x)
                for (int c = 0; c < 3; ++c)
                    row[3 * x + c] = static_cast<std::uint8_t>((row[4 * x + c] * row[4 * x + 3] + 127) / 255);
        }
    }

    /// Seconds at which a frame is shown; those without a time follow the one before at the file's rate.
    double time_of(const AVFrame& frame, int behind) const {
        if (frame.best_effort_timestamp != AV_NOPTS_VALUE)
            return static_cast<double>(frame.best_effort_timestamp) * av_q2d(stream().time_base);
        return first_ + (static_cast<double>(given_) + behind) / rate_;
    }
    double duration_of(const AVFrame& frame) const {
#if LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(57, 30, 100)
        const std::int64_t units = frame.duration;
#else
        const std::int64_t units = frame.pkt_duration;
#endif
        if (units > 0) return static_cast<double>(units) * av_q2d(stream().time_base);
        const AVRational rate = av_guess_frame_rate(format_.get(), format_->streams[stream_], nullptr);
        return rate.num > 0 && rate.den > 0 ? av_q2d(av_inv_q(rate)) : 0;
    }

    bool decode(AVFrame& to) {
        input_->begin();
        for (int failures = 0; failures < 64;) {
            const int code = avcodec_receive_frame(codec_.get(), &to);
            if (code >= 0) return ++decoded_ > 0;
            if (code == AVERROR_EOF) break;
            if (code != AVERROR(EAGAIN)) spoilt(code), ++failures; // what the decoder still holds may be whole
            const bool more = !ended_ && next_packet();
            const int sent = avcodec_send_packet(codec_.get(), more ? packet_.get() : nullptr); // null: give the rest
            if (more) av_packet_unref(packet_.get());
            if (more && sent >= 0) ++accepted_;
            if (more && sent < 0) spoilt(sent);
            if (!more && sent < 0) ++failures;
        }
        if (problem_ < 0 && decoded_ == 0) check(problem_, path_, "be decoded");
        if (problem_ < 0 && ended_ && !std::exchange(told_, true)) {
            char text[AV_ERROR_MAX_STRING_SIZE];
            av_strerror(problem_, text, sizeof text);
            fmt::print(stderr, "walt: '{}' is spoilt behind its first {} frames, and ends there: {}\n", path_, decoded_,
                       static_cast<const char*>(text));
        }
        return false;
    }

    /// What comes before a spoilt place is taken, and what comes behind one that the file begins with.
    void spoilt(int code) {
        if (code == AVERROR_EXIT) fail("{} could not be read: it took longer than {} seconds", path_, deadline);
        problem_ = problem_ < 0 ? problem_ : code;
        ended_ = ended_ || accepted_ > 0;
    }

    /// False at the end, and where the file is spoilt.
    bool next_packet() {
        for (;;) {
            const int code = av_read_frame(format_.get(), packet_.get());
            if (code < 0) {
                if (code != AVERROR_EOF) spoilt(code);
                ended_ = true;
                return false;
            }
            if (input::late(input_.get())) spoilt(AVERROR_EXIT);
            if (packet_->stream_index == stream_) return true;
            av_packet_unref(packet_.get());
        }
    }

    std::string path_;
    std::unique_ptr<input> input_;
    double rate_ = 0, first_ = 0; ///< frames a second that are given, 0: all; the first one's time
    std::unique_ptr<AVFormatContext, close_input> format_;
    int stream_ = 0, problem_ = 0; ///< problem_: the first one
    owned<AVCodecContext> codec_;
    owned<AVFrame> frame_, ahead_, rgb_;
    owned<AVPacket> packet_;
    owned<SwsContext> scaler_;
    turn turn_;
    std::int64_t accepted_ = 0, decoded_ = 0, given_ = 0;
    bool ended_ = false, told_ = false, begun_ = false, more_ = false;
};

} // namespace walt::detail::av
