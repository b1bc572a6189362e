// A video that goes through a network in chunks: what is left of a chunk for the one that follows.
#pragma once

#include "activations.hpp"
#include "buffer.hpp"
#include "video.hpp"

#include <cmath>
#include <cstddef>
#include <map>
#include <vector>

namespace walt {

/// The last frames that each convolution of a network saw of a chunk, or the gradients of those frames, by the place of
/// the convolution's weight in the network (weights::place). Memory is taken when a convolution is met for the first
/// time, and starts as zeros. Copies share it.
class history {
  public:
    /// The frames at this place, [B, P, H, W, C]. Throws where they had another size before.
    template <class T, int C, class Context>
    video_view<T, C> take(Context& ctx, std::ptrdiff_t place, const video_size& size) {
        slot& at = slots_[place];
        const std::size_t bytes = bytes_of<T, C>(size);
        if (at.bytes == 0) {
            at = {size, bytes, ctx.allocate(bytes)};
            bytes_ += bytes;
        }
        require(at.size == size,
                "all chunks of a video have one size: {} videos of {} x {} cannot follow {} of {} x {} (at this depth)",
                size.batch, size.height, size.width, at.size.batch, at.size.height, at.size.width);
        return video_of<T, C>(at);
    }
    /// The same where they must be there.
    template <class T, int C> video_view<T, C> at(std::ptrdiff_t place) const {
        const auto found = slots_.find(place);
        require(found != slots_.end(),
                "a chunk cannot go on from a history that has no frames for the convolution at {} of the network: it "
                "has {} others",
                place, slots_.size());
        return video_of<T, C>(found->second);
    }
    /// Of the device's memory.
    std::size_t bytes() const { return bytes_; }

  private:
    struct slot {
        video_size size;
        std::size_t bytes = 0;
        memory block;
    };
    template <class T, int C> static std::size_t bytes_of(const video_size& size) {
        return round_up(static_cast<std::size_t>(size.positions()) * C * sizeof(T), alignment);
    }
    template <class T, int C> static video_view<T, C> video_of(const slot& at) {
        require(at.bytes == bytes_of<T, C>(at.size), "a history of a network in another compute type: {} bytes, not {}",
                at.bytes, bytes_of<T, C>(at.size));
        return video_view<T, C>(reinterpret_cast<T*>(at.block.get()), at.size.batch, at.size.frames, at.size.height,
                                at.size.width);
    }
    std::map<std::ptrdiff_t, slot> slots_;
    std::size_t bytes_ = 0;
};

/// A chunk's place in its video; the default is a whole video. `before` and `after` may be one history, but not where a
/// pass back follows: that reads what lay before.
struct chunk {
    const history* before = nullptr; ///< what the chunk before left; none: the video begins
    history* after = nullptr;        ///< is filled for the next chunk; none: nothing follows
    history* gradient =
        nullptr; ///< in a pass back, the gradient of `after`, which becomes that of `before`; none: zero

    constexpr bool begins() const { return before == nullptr; }
};

/// What the chunks of a video leave, for a pass back from the last to the first. Only what every k-th chunk leaves is
/// kept, k about the square root of their number; what the k - 1 between two of those leave is made again when the pass
/// back comes there. So memory grows with that root, and a chunk runs forward once more.
///     chunk_histories passes(count);
///     passes.forward(run);
///     passes.backward(run, back);
/// where run(i, chunk) passes chunk i forward, inference, and back(i, chunk) once more, with what the pass back needs,
/// and backward.
class chunk_histories {
  public:
    explicit chunk_histories(std::size_t count)
        : count_(count), segment_(static_cast<std::size_t>(std::ceil(std::sqrt(static_cast<double>(count))))),
          kept_(count > 0 ? (count - 1) / segment_ : 0), between_(count > 0 ? segment_ - 1 : 0) {}

    /// run of all chunks, in order. May come again.
    void forward(auto&& run) {
        const history* before = nullptr;
        for (std::size_t i = 0; i < count_; ++i) {
            history* after = i + 1 == count_ ? nullptr : (i + 1) % segment_ == 0 ? &kept_[i / segment_] : &between_[0];
            run(i, chunk{before, after});
            before = after;
        }
        if (!between_.empty()) between_.front() = {};
    }
    /// back of all chunks, from the last to the first, with run of some before. Uses the histories up.
    void backward(auto&& run, auto&& back) {
        for (std::size_t end = count_; end > 0;) {
            const std::size_t begin = (end - 1) / segment_ * segment_;
            const auto before = [&](std::size_t i) -> const history* {
                return i > begin ? &between_[i - begin - 1] : i > 0 ? &kept_.back() : nullptr;
            };
            for (std::size_t i = begin; i + 1 < end; ++i) run(i, chunk{before(i), &between_[i - begin]});
            for (std::size_t i = end; i-- > begin;)
                back(i, chunk{before(i), nullptr, count_ > 1 ? &gradient_ : nullptr});
            if (begin > 0) kept_.pop_back();
            end = begin;
        }
        between_.clear();
        gradient_ = {};
    }

  private:
    std::size_t count_, segment_;  ///< chunks, and k
    std::vector<history> kept_;    ///< what the last chunk of each segment left, but for the last segment
    std::vector<history> between_; ///< of the segment where the pass back is
    history gradient_;
};

/// How a video, or a chunk of one, passes through a network: what is kept for the pass back, and what it goes on from.
struct passage {
    activations kept = activations::all;
    chunk of{};

    constexpr passage(activations keep, chunk part = {}) : kept(keep), of(part) {}
    constexpr operator activations() const { return kept; }
    /// The same chunk, run again in a pass back: it leaves nothing for the next.
    constexpr passage again(activations keep) const { return {keep, {of.before, nullptr, of.gradient}}; }
};

} // namespace walt
