// FFmpeg's demuxers and decoders as a class: the frames of a video file as players show them, for io/mp4.hpp.
#pragma once

#include "../core/note.hpp"
#include "frame_index.hpp"
#include "libav_input.hpp"
#include "libav_pixels.hpp"
#include "said_size.hpp"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <memory>
#include <mutex>
#include <set>
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
/// Whether this is the first word on a file whose end is spoilt: of each file it is said once.
inline bool first_word_on(const std::string& path) {
    static std::mutex one_at_a_time;
    static std::set<std::string> told;
    const std::lock_guard lock(one_at_a_time);
    return told.insert(path).second;
}

/// The video stream of a regular file, frame after frame, by its content whatever its name: turned upright, its pixels
/// made square, over black where it is transparent. A file that is spoilt further on ends there, and that is said once
/// on stderr; one whose bytes cannot be read (it was cut meanwhile, or its disk fails) is a walt::error.
class reader {
  public:
    /// rate 0: every frame. Else so many a second: each is the one that is shown at its time.
    explicit reader(const std::filesystem::path& path, double rate = 0) : path_(path.string()), rate_(rate) {
        require(rate >= 0 && rate <= 1000, "{}: frames are read at 0 (as they are) to 1000 a second, not {}", path_,
                rate);
        quieten();
        begin();
    }

    /// Of a frame as it is shown, as far as the file's header says; each frame has its own (shown).
    std::pair<int, int> size() const {
        return shown(stream().codecpar->height, stream().codecpar->width, stream_aspect(), orientation_);
    }
    double frames_per_second() const {
        if (rate_ > 0) return rate_;
        const AVRational rate = av_guess_frame_rate(format_.get(), format_->streams[stream_], nullptr);
        return rate.den != 0 ? av_q2d(rate) : 0;
    }

    std::string comment() const {
        const AVDictionaryEntry* found = av_dict_get(format_->metadata, "comment", nullptr, 0);
        return found != nullptr ? found->value : "";
    }

    /// What the file's packets say of its frames. Uses the file up.
    frame_index index() {
        packet_times times;
        for (input_->begin(); next_packet(); input_->begin()) {
            const bool hidden = stream().codecpar->codec_id == AV_CODEC_ID_VP8 && packet_->size > 0 &&
                                (packet_->data[0] & 0x10) == 0; // is decoded, but not shown
            if ((packet_->flags & AV_PKT_FLAG_DISCARD) == 0 && !hidden)
                times.add(packet_->pts, packet_->dts, packet_->duration, (packet_->flags & AV_PKT_FLAG_KEY) != 0);
        }
        return times.index(av_q2d(stream().time_base), rate_, usual_duration());
    }

    /// Of a reader that has not begun: goes on with frame `number` or, where only that can be sought, with one before
    /// it, and returns which.
    std::int64_t seek(const frame_index& known, std::int64_t number) {
        const double unit = av_q2d(stream().time_base), begins = static_cast<double>(known.begin) * unit;
        const double time = begins + static_cast<double>(number) / (rate_ > 0 ? rate_ : 1);
        const frame_index::key* const key = known.before([&](const frame_index::key& one) {
            return rate_ > 0 ? static_cast<double>(one.time) * unit > time + 1e-6 : one.frame > number;
        });
        if (key == nullptr) return 0;
        quiet_ = true;
        bool there = av_seek_frame(format_.get(), stream_, key->sought, AVSEEK_FLAG_BACKWARD) >= 0;
        input_->check_read();
        while (there && decode(now_) && now_.frame->best_effort_timestamp < key->time) {
        }
        there = there && now_.frame->best_effort_timestamp == key->time;
        if (!there) { // its frames are not where its packets say
            begin();
            return 0;
        }
        quiet_ = false;
        decoded_ = key->frame + 1;
        if (rate_ == 0) {
            held_ = true;
            return key->frame;
        }
        begun_ = true, first_ = begins, given_ = number;
        more_ = decode(ahead_);
        return number;
    }

    /// The next frame, which lives until the next call; null after the last one.
    const AVFrame* next() {
        if (rate_ == 0) return std::exchange(held_, false) || decode(now_) ? now_.frame.get() : nullptr;
        if (!begun_) {
            begun_ = true;
            if (!decode(now_)) return nullptr;
            first_ = now_.time;
            more_ = decode(ahead_);
        }
        const double time = first_ + static_cast<double>(given_) / rate_;
        while (more_ && ahead_.time <= time + 1e-6) {
            std::swap(now_, ahead_);
            more_ = decode(ahead_);
        }
        if (!more_ && given_ > 0 && time >= now_.time + duration_of(*now_.frame) - 1e-6) return nullptr;
        ++given_;
        return now_.frame.get();
    }

    /// Height and width of a frame as it is shown.
    std::pair<int, int> shown(const AVFrame& frame) const {
        return shown(frame.height, frame.width, aspect_of(frame), orientation_of(frame));
    }

    /// The frame's pixels as 8-bit RGB, as it is shown, at the end of `to`.
    void append_rgb(const AVFrame& frame, std::vector<std::uint8_t>& to) {
        const orientation how = orientation_of(frame);
        pixels_.append(frame, shown(frame.height, frame.width, aspect_of(frame), {}), how, path_, to);
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

    /// Opens the file at its beginning.
    void begin() {
        codec_.reset(), format_.reset(); // before what they read from
        input_ = std::make_unique<input>(path_);
        open();
        const AVCodec* decoder = nullptr;
        stream_ = check(av_find_best_stream(format_.get(), AVMEDIA_TYPE_VIDEO, -1, -1, &decoder, 0), path_,
                        "be read: it has no video stream");
        for (unsigned i = 0; i < format_->nb_streams; ++i)
            if (static_cast<int>(i) != stream_) format_->streams[i]->discard = AVDISCARD_ALL;
        decoder = with_alpha(decoder);
        codec_.reset(check(avcodec_alloc_context3(decoder), path_, "be decoded"));
        check(avcodec_parameters_to_context(codec_.get(), stream().codecpar), path_, "be decoded");
        codec_->max_pixels = pixels_allowed();
        // What is wrong is to fail, and not to be made up. But whole H.264 that was trimmed, or begins in the middle of
        // a broadcast, has references that are not there, which would fail too; it says by the frame what it lost
        // (broken).
        const bool says_by_frame = stream().codecpar->codec_id == AV_CODEC_ID_H264;
        codec_->err_recognition = AV_EF_CRCCHECK | AV_EF_BITSTREAM | (says_by_frame ? 0 : AV_EF_EXPLODE);
        codec_->error_concealment = 0; // frames are the file's or none
        check(avcodec_open2(codec_.get(), decoder, nullptr), path_, "be decoded");
        for (owned<AVFrame>* one : {&now_.frame, &ahead_.frame})
            one->reset(check(av_frame_alloc(), path_, "be decoded"));
        packet_.reset(), waiting_.clear();
        const std::int32_t* const matrix = display_matrix();
        orientation_ = matrix != nullptr ? orientation::of_matrix(matrix) : orientation{};
        problem_ = 0, accepted_ = decoded_ = given_ = packets_ = 0, time_ = 0;
        ended_ = begun_ = more_ = held_ = quiet_ = false;
    }
    /// FFmpeg's own decoders of VP8 and VP9 pass over the transparency that WebM has beside them.
    const AVCodec* with_alpha(const AVCodec* decoder) const {
        const AVDictionaryEntry* said = av_dict_get(stream().metadata, "alpha_mode", nullptr, 0);
        if (said == nullptr || std::string_view(said->value) != "1") return decoder;
        const AVCodecID codec = stream().codecpar->codec_id;
        const char* const name = codec == AV_CODEC_ID_VP8 ? "libvpx" : codec == AV_CODEC_ID_VP9 ? "libvpx-vp9" : "";
        const AVCodec* const other = avcodec_find_decoder_by_name(name);
        return other != nullptr ? other : decoder;
    }

    void open() {
        input_->begin();
        AVFormatContext* opened = check(avformat_alloc_context(), path_, "be opened as a video");
        opened->pb = input_->get();
        opened->interrupt_callback = {input::late, input_.get()};
        options known{{"format_whitelist", containers}, {"protocol_whitelist", "none"}};
        const int code = avformat_open_input(&opened, "", nullptr, known.get()); // which frees it where that fails
        format_.reset(opened);
        input_->check_read();
        if (code == AVERROR(EINVAL)) fail("{} is not of a kind of video that is read: it may be a playlist", path_);
        check(code, path_, "be opened as a video");
        // A little is decoded to find out what is in the file, with the limit on pixels for every stream.
        std::vector<AVDictionary*> limits(opened->nb_streams, nullptr);
        for (AVDictionary*& one : limits) av_dict_set_int(&one, "max_pixels", pixels_allowed(), 0);
        const int found = avformat_find_stream_info(opened, limits.empty() ? nullptr : limits.data());
        for (AVDictionary*& one : limits) av_dict_free(&one);
        input_->check_read();
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
    orientation
    orientation_of(const AVFrame& frame) const { // its own, of what its camera wrote into the stream, or the file's
        const AVFrameSideData* own = av_frame_get_side_data(&frame, AV_FRAME_DATA_DISPLAYMATRIX);
        if (own == nullptr || own->size < 36) return orientation_;
        return orientation::of_matrix(reinterpret_cast<const std::int32_t*>(own->data));
    }
    AVRational stream_aspect() const {
        return av_guess_sample_aspect_ratio(format_.get(), format_->streams[stream_], nullptr);
    }
    AVRational aspect_of(const AVFrame& frame) const {
        AVFrame* const same = const_cast<AVFrame*>(&frame); // which it does not change
        return av_guess_sample_aspect_ratio(format_.get(), format_->streams[stream_], same);
    }
    /// Pixels become square by enlarging one side; then the picture is turned.
    std::pair<int, int> shown(int height, int width, AVRational aspect, const orientation& how) const {
        const double ratio = aspect.num > 0 && aspect.den > 0 ? av_q2d(aspect) : 1;
        if (ratio >= 1.0 / 16 && ratio <= 16) {
            const double grown = (ratio > 1 ? width : height) * std::max(ratio, 1 / ratio);
            (ratio > 1 ? width : height) = static_cast<int>(std::lround(grown));
        }
        require(std::int64_t{height} * width <= most_pixels, "{} has frames of {} x {} pixels; at most {} are read",
                path_, height, width, most_pixels);
        return how.of_size(height, width);
    }

    /// A decoded frame, and the second at which it is shown.
    struct timed {
        owned<AVFrame> frame;
        double time = 0;
    };
    double usual_duration() const {
        const AVRational rate = av_guess_frame_rate(format_.get(), format_->streams[stream_], nullptr);
        return rate.num > 0 && rate.den > 0 ? av_q2d(av_inv_q(rate)) : 0.04;
    }
    double duration_of(const AVFrame& frame) const {
#if LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(57, 30, 100)
        const std::int64_t units = frame.duration;
#else
        const std::int64_t units = frame.pkt_duration;
#endif
        const double said = static_cast<double>(units) * av_q2d(stream().time_base);
        return said > 0 && said < longest ? said : usual_duration();
    }
    /// A frame without a time, or with one that cannot be, follows the one before.
    double time_of(const AVFrame& frame) const {
        const double said = static_cast<double>(frame.best_effort_timestamp) * av_q2d(stream().time_base);
        const bool known = frame.best_effort_timestamp != AV_NOPTS_VALUE;
        if (decoded_ == 0) return known ? said : 0;
        return known && said > time_ && said - time_ < longest ? said : time_ + usual_duration();
    }

    bool decode(timed& to) {
        input_->begin();
        for (int failures = 0; failures < 64;) {
            const int code = avcodec_receive_frame(codec_.get(), to.frame.get());
            if (code >= 0 && broken(*to.frame)) {
                spoilt(AVERROR_INVALIDDATA), ++failures;
                continue;
            }
            if (code >= 0) {
                to.time = time_ = time_of(*to.frame);
                return ++decoded_ > 0;
            }
            if (code == AVERROR_EOF) break;
            if (code != AVERROR(EAGAIN)) spoilt(code), ++failures; // what the decoder still holds may be whole
            const bool more = !ended_ && next_packet();
            const int sent = avcodec_send_packet(codec_.get(), more ? packet_.get() : nullptr); // null: give the rest
            if (more && sent >= 0) ++accepted_;
            if (more && sent < 0) spoilt(sent == AVERROR(EAGAIN) ? AVERROR_INVALIDDATA : sent); // it is stuck
            if (!more && sent < 0) ++failures;
        }
        if (quiet_) return false;
        if (problem_ < 0 && decoded_ == 0) check(problem_, path_, "be decoded");
        if (problem_ < 0 && ended_ && first_word_on(path_)) {
            char text[AV_ERROR_MAX_STRING_SIZE];
            av_strerror(problem_, text, sizeof text);
            note("'{}' is spoilt behind its first {} frames, and ends there: {}", path_, decoded_,
                 static_cast<const char*>(text));
        }
        return false;
    }

    /// Of which the decoder made up a part.
    static bool broken(const AVFrame& frame) {
        return (frame.flags & AV_FRAME_FLAG_CORRUPT) != 0 ||
               (frame.decode_error_flags & (FF_DECODE_ERROR_INVALID_BITSTREAM | FF_DECODE_ERROR_DECODE_SLICES)) != 0;
    }

    /// What comes before a spoilt place is taken, and what comes behind one that the file begins with.
    void spoilt(int code) {
        if (code == AVERROR_EXIT) fail("{} could not be read: it took longer than {} seconds", path_, deadline);
        problem_ = problem_ < 0 ? problem_ : code;
        ended_ = ended_ || accepted_ > 0;
    }

    std::int64_t most_packets() const { return static_cast<std::int64_t>(input_->file().size()) + 4096; }
    /// The next packet of the stream; false at the end, and where the file is spoilt.
    bool next_packet() {
        if (waiting_.empty() && !read_packet()) return false;
        packet_ = std::move(waiting_.front());
        waiting_.pop_front();
        if ((packet_->flags & AV_PKT_FLAG_CORRUPT) == 0 || (accepted_ == 0 && !quiet_)) return true;
        // A part of it, or of the next one, is missing. Or two whole streams were joined here: then the time of a key
        // frame that follows, at once or behind one more, does not.
        for (std::size_t n = 0; n < 2 && (n < waiting_.size() || read_packet()); ++n) {
            const double apart = seconds_between(*packet_, *waiting_[n]);
            if ((waiting_[n]->flags & AV_PKT_FLAG_KEY) != 0 && (apart < 0 || apart > 1)) return true;
        }
        spoilt(AVERROR_INVALIDDATA);
        ended_ = true;
        return false;
    }
    /// 1 where their times are not known.
    double seconds_between(const AVPacket& one, const AVPacket& next) const {
        if (one.dts == AV_NOPTS_VALUE || next.dts == AV_NOPTS_VALUE) return 1;
        return (static_cast<double>(next.dts) - static_cast<double>(one.dts)) * av_q2d(stream().time_base);
    }
    /// Adds one to those that wait.
    bool read_packet() {
        owned<AVPacket> made(check(av_packet_alloc(), path_, "be decoded"));
        for (;;) {
            av_packet_unref(made.get()); // another stream's
            const int code = av_read_frame(format_.get(), made.get());
            input_->check_read();
            if (code < 0) {
                if (code != AVERROR_EOF) spoilt(code);
                else if (said_size(input_->file()) > input_->file().size() + 1) spoilt(AVERROR_INVALIDDATA);
                ended_ = true;
                return false;
            }
            if (input::late(input_.get())) spoilt(AVERROR_EXIT);
            if (++packets_ > most_packets()) { // more than one a byte
                spoilt(AVERROR_INVALIDDATA);
                ended_ = true;
                return false;
            }
            if (made->stream_index != stream_) continue;
            waiting_.push_back(std::move(made));
            return true;
        }
    }

    static constexpr double longest = 86'400; ///< seconds that a frame may be shown

    std::string path_;
    std::unique_ptr<input> input_;
    double rate_ = 0, first_ = 0, time_ = 0; ///< frames a second that are given, 0: all; the first and last one's time
    std::unique_ptr<AVFormatContext, close_input> format_;
    int stream_ = 0, problem_ = 0; ///< problem_: the first one
    owned<AVCodecContext> codec_;
    timed now_, ahead_;
    owned<AVPacket> packet_;
    std::deque<owned<AVPacket>> waiting_; ///< packets that were read and not used
    frame_pixels pixels_;
    orientation orientation_;
    std::int64_t accepted_ = 0, decoded_ = 0, given_ = 0, packets_ = 0;
    bool ended_ = false, begun_ = false, more_ = false;
    bool held_ = false, quiet_ = false; ///< now_ is the next frame; seeking may fail
};

} // namespace walt::detail::av
