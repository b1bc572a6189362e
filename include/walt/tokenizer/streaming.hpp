// Videos of any length through a tokenizer, chunk by chunk, in memory that does not grow with them: every convolution
// keeps the frames that it needs of the chunk before (docs/model.md 3).
#pragma once

#include "../core/history.hpp"
#include "tokenizer.hpp"

#include <algorithm>
#include <optional>

namespace walt {

namespace rules {
template <bool SeesThePastOnly> constexpr bool a_stream_sees_no_future() {
    constexpr bool holds = SeesThePastOnly;
    static_assert(holds, "a tokenizer takes a video chunk by chunk only if no frame sees a later one: its config must "
                         "be causal or per_frame");
    return holds;
}
} // namespace rules

/// How a stream works.
struct streaming {
    std::int64_t latent_frames = 4;                ///< most latent frames on the device at once; memory grows with it
    latent_scale scale = latent_scale::normalised; ///< of the latents that encode_stream gives

    void check() const {
        require(latent_frames >= 1, "streaming::latent_frames must be 1 or more; it is {}", latent_frames);
    }
};

namespace detail {

/// What both streams have in common. Tokenizer: any walt::tokenizer, whose memory the stream shares.
template <class Tokenizer, bool Streams = rules::a_stream_sees_no_future<Tokenizer::dims::sees_no_future>()>
class video_stream {
  public:
    using dims = typename Tokenizer::dims;

    /// Bytes of the device's memory that are kept from chunk to chunk; 0 before the first.
    std::size_t bytes() const { return kept_.bytes(); }

  protected:
    video_stream(const Tokenizer& of, streaming how) : tokenizer_(share(of)), how_(how) { how.check(); }
    bool begins() const { return first_; }
    /// The video has ended: what the convolutions kept is given back, and nothing follows.
    void end() {
        kept_ = {};
        ended_ = true;
    }
    /// Calls pass(the next chunk's place).
    template <class Pass> auto next_chunk(Pass&& pass) {
        auto made = pass(chunk{first_ ? nullptr : &kept_, &kept_});
        first_ = false;
        return made;
    }
    /// Calls work(), which passes some chunks. If it throws, the stream is as it was where the video begins with it;
    /// later, what the convolutions kept is of no use any more.
    template <class Work> auto all_or_nothing(Work&& work) {
        require(!ended_, "a stream is of one video, which finish() has ended: the next video needs a new stream");
        require(!stopped_, "a stream cannot go on after an error inside of a chunk: begin the video again");
        const bool fresh = first_;
        try {
            return work();
        } catch (...) {
            if (fresh) {
                kept_ = {};
                first_ = true;
            } else stopped_ = true;
            throw;
        }
    }

    Tokenizer tokenizer_;
    streaming how_;

  private:
    history kept_;
    bool first_ = true, stopped_ = false, ended_ = false;
};

} // namespace detail

/// Latents of a video (or of a batch of them) that comes in parts of any length:
///     walt::encode_stream stream(tokenizer);
///     while (more) if (const auto z = stream.next(some_frames)) use(*z);
///     if (const auto z = stream.finish()) use(*z);  // another video needs another stream
/// Together they are what encode gives for the whole video. A latent frame is made of one frame at the beginning, then
/// of time_compression frames; those that do not complete one are kept on the host until they do.
template <class Tokenizer> class encode_stream : public detail::video_stream<Tokenizer> {
    using base = detail::video_stream<Tokenizer>;
    static constexpr std::int64_t s = base::dims::time_compression;

  public:
    explicit encode_stream(const Tokenizer& of, streaming how = {}) : base(of, how) {}

    /// Latents of all latent frames that these frames complete; none where they complete none. Throws walt::error for
    /// frames of another size than before, for stacks of images, and where encode does.
    std::optional<latents> next(const clips& frames) {
        frames.check();
        for (std::int64_t b = 0; b < frames.shape.count; ++b)
            require(!frames.is_stack(b), "sample {} is a stack of images: only videos come in chunks", b);
        require(frames.shape.channels == base::dims::in_channels,
                "this tokenizer takes pixels of {} channels, not of {}", base::dims::in_channels,
                frames.shape.channels);
        if (seen_.count > 0) detail::require_follows(seen_, frames.shape);
        clips all = waiting_ ? *waiting_ : frames;
        if (waiting_) all.append(frames);

        std::optional<latents> made;
        std::int64_t done = 0;
        base::all_or_nothing([&] {
            while (const std::int64_t some = next_piece(all.shape.frames - done)) {
                const latents z = base::next_chunk([&](const chunk& of) {
                    return base::tokenizer_.encode(all.frames(done, some), base::how_.scale, of);
                });
                if (made) made->append(z);
                else made.emplace(z);
                done += some;
            }
        });
        seen_ = frames.shape;
        waiting_.reset();
        if (done < all.shape.frames) waiting_ = all.frames(done, all.shape.frames - done);
        return made;
    }
    /// Frames that wait for others to complete a latent frame with them: fewer than time_compression.
    std::int64_t waiting() const { return waiting_ ? waiting_->shape.frames : 0; }
    /// The video has ended: the latent frame of those that wait, the last of them repeated as often as is needed to
    /// complete it; none where none waits. The stream takes no other frames afterwards.
    std::optional<latents> finish() {
        std::optional<latents> made;
        if (waiting_) {
            const clips last = waiting_->frames(waiting() - 1, 1);
            clips rest = last;
            for (std::int64_t missing = s - waiting(); missing > 1; --missing) rest.append(last);
            made = next(rest);
        }
        base::end();
        return made;
    }

  private:
    /// Frames of the next piece, of so many that are there.
    std::int64_t next_piece(std::int64_t there) const {
        const std::int64_t most = base::how_.latent_frames;
        if (!base::begins()) return std::min(there / s, most) * s;
        return there == 0 ? 0 : 1 + (std::min((there - 1) / s + 1, most) - 1) * s;
    }
    std::optional<clips> waiting_;
    video_shape seen_; ///< of the frames that came last
};
template <class Tokenizer> encode_stream(const Tokenizer&) -> encode_stream<Tokenizer>;
template <class Tokenizer> encode_stream(const Tokenizer&, streaming) -> encode_stream<Tokenizer>;

/// Pixels of a video (or of a batch of them) whose latents come in parts of any length: what decode gives for the
/// whole. The first latent frame gives one frame, every other one time_compression of them.
template <class Tokenizer> class decode_stream : public detail::video_stream<Tokenizer> {
    using base = detail::video_stream<Tokenizer>;

  public:
    explicit decode_stream(const Tokenizer& of, streaming how = {}) : base(of, how) {}

    /// The frames of these latents. Throws walt::error for latents of another size than before, for stacks of images,
    /// and where decode does.
    clips next(const latents& from) {
        from.check();
        for (std::int64_t b = 0; b < from.shape.count; ++b)
            require(!from.is_stack(b), "sample {} is a stack of images: only videos come in chunks", b);
        require(from.shape.channels == base::dims::latent, "this tokenizer takes latents of {} channels, not of {}",
                base::dims::latent, from.shape.channels);
        if (seen_.count > 0) detail::require_follows(seen_, from.shape);
        clips made;
        base::all_or_nothing([&] {
            for (std::int64_t at = 0, some = 0; at < from.shape.frames; at += some) {
                some = std::min(base::how_.latent_frames, from.shape.frames - at);
                clips x = base::next_chunk(
                    [&](const chunk& of) { return base::tokenizer_.decode(from.frames(at, some), of); });
                if (at == 0) made = std::move(x);
                else made.append(x);
            }
        });
        seen_ = from.shape;
        return made;
    }
    /// The video has ended: the stream takes no other latents afterwards.
    void finish() { base::end(); }

  private:
    video_shape seen_; ///< of the latents that came last
};
template <class Tokenizer> decode_stream(const Tokenizer&) -> decode_stream<Tokenizer>;
template <class Tokenizer> decode_stream(const Tokenizer&, streaming) -> decode_stream<Tokenizer>;

} // namespace walt
