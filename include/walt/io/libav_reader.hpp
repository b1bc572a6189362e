// FFmpeg's demuxers and decoders as a class: the frames of a video file as players show them, for io/mp4.hpp.
#pragma once

#include "../core/note.hpp"
#include "frame_index.hpp"
#include "libav_pixels.hpp"
#include "libav_stream.hpp"
#include "said_size.hpp"

#include <cstdint>
#include <deque>
#include <filesystem>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace walt::detail::av {

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
    std::pair<int, int> size() const { return file_->shown(); }
    double frames_per_second() const { return rate_ > 0 ? rate_ : file_->rate(); }

    std::string comment() const { return file_->comment(); }

    /// What the file's packets say of its frames. Uses the file up.
    frame_index index() {
        packet_times times;
        for (file_->in().begin(); next_packet(); file_->in().begin()) {
            const bool hidden = file_->codec() == AV_CODEC_ID_VP8 && packet_->size > 0 &&
                                (packet_->data[0] & 0x10) == 0; // is decoded, but not shown
            if ((packet_->flags & AV_PKT_FLAG_DISCARD) == 0 && !hidden)
                times.add(packet_->pts, packet_->dts, packet_->duration, (packet_->flags & AV_PKT_FLAG_KEY) != 0);
        }
        return times.index(av_q2d(file_->get().time_base), rate_, file_->usual_duration());
    }

    /// Of a reader that has not begun: goes on with frame `number` or, where only that can be sought, with one before
    /// it, and returns which.
    std::int64_t seek(const frame_index& known, std::int64_t number) {
        const double unit = av_q2d(file_->get().time_base), begins = static_cast<double>(known.begin) * unit;
        const double time = begins + static_cast<double>(number) / (rate_ > 0 ? rate_ : 1);
        const frame_index::key* const key = known.before([&](const frame_index::key& one) {
            return rate_ > 0 ? static_cast<double>(one.time) * unit > time + 1e-6 : one.frame > number;
        });
        if (key == nullptr) return 0;
        quiet_ = true;
        bool there = av_seek_frame(file_->format(), file_->index(), key->sought, AVSEEK_FLAG_BACKWARD) >= 0;
        file_->in().check_read();
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
    std::pair<int, int> shown(const AVFrame& frame) const { return file_->shown(frame); }

    /// The frame's pixels as 8-bit RGB, as it is shown, at the end of `to`.
    void append_rgb(const AVFrame& frame, std::vector<std::uint8_t>& to) {
        pixels_.append(frame, file_->upright(frame), file_->orientation_of(frame), path_, to);
    }

  private:
    /// Opens the file at its beginning.
    void begin() {
        codec_.reset(), file_.reset(); // before what it reads from
        file_ = std::make_unique<video_stream>(path_);
        codec_ = file_->new_decoder();
        for (owned<AVFrame>* one : {&now_.frame, &ahead_.frame})
            one->reset(check(av_frame_alloc(), path_, "be decoded"));
        packet_.reset(), waiting_.clear();
        problem_ = 0, accepted_ = decoded_ = given_ = packets_ = 0, time_ = 0;
        ended_ = begun_ = more_ = held_ = quiet_ = false;
    }
    /// A decoded frame, and the second at which it is shown.
    struct timed {
        owned<AVFrame> frame;
        double time = 0;
    };
    double duration_of(const AVFrame& frame) const {
#if LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(57, 30, 100)
        const std::int64_t units = frame.duration;
#else
        const std::int64_t units = frame.pkt_duration;
#endif
        const double said = file_->seconds(units);
        return said > 0 && said < longest ? said : file_->usual_duration();
    }
    /// A frame without a time, or with one that cannot be, follows the one before.
    double time_of(const AVFrame& frame) const {
        const double said = file_->seconds(frame.best_effort_timestamp);
        const bool known = frame.best_effort_timestamp != AV_NOPTS_VALUE;
        if (decoded_ == 0) return known ? said : 0;
        return known && said > time_ && said - time_ < longest ? said : time_ + file_->usual_duration();
    }

    bool decode(timed& to) {
        file_->in().begin();
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

    std::int64_t most_packets() const { return static_cast<std::int64_t>(file_->in().file().size()) + 4096; }
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
        return (static_cast<double>(next.dts) - static_cast<double>(one.dts)) * av_q2d(file_->get().time_base);
    }
    /// Adds one to those that wait.
    bool read_packet() {
        owned<AVPacket> made(check(av_packet_alloc(), path_, "be decoded"));
        for (;;) {
            av_packet_unref(made.get()); // another stream's
            const int code = av_read_frame(file_->format(), made.get());
            file_->in().check_read();
            if (code < 0) {
                if (code != AVERROR_EOF) spoilt(code);
                else if (said_size(file_->in().file()) > file_->in().file().size() + 1) spoilt(AVERROR_INVALIDDATA);
                ended_ = true;
                return false;
            }
            if (input::late(&file_->in())) spoilt(AVERROR_EXIT);
            if (++packets_ > most_packets()) { // more than one a byte
                spoilt(AVERROR_INVALIDDATA);
                ended_ = true;
                return false;
            }
            if (made->stream_index != file_->index()) continue;
            waiting_.push_back(std::move(made));
            return true;
        }
    }

    static constexpr double longest = 86'400; ///< seconds that a frame may be shown

    std::string path_;
    std::unique_ptr<video_stream> file_;
    double rate_ = 0, first_ = 0, time_ = 0; ///< frames a second that are given, 0: all; the first and last one's time
    int problem_ = 0;                        ///< the first one
    owned<AVCodecContext> codec_;
    timed now_, ahead_;
    owned<AVPacket> packet_;
    std::deque<owned<AVPacket>> waiting_; ///< packets that were read and not used
    frame_pixels pixels_;
    std::int64_t accepted_ = 0, decoded_ = 0, given_ = 0, packets_ = 0;
    bool ended_ = false, begun_ = false, more_ = false;
    bool held_ = false, quiet_ = false; ///< now_ is the next frame; seeking may fail
};

} // namespace walt::detail::av
