// A video that goes through a network in chunks: what is left of a chunk for the one that follows.
#pragma once

#include "activations.hpp"
#include "buffer.hpp"
#include "video.hpp"

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

/// What all chunks of a video leave, for a pass back from the last to the first:
///     chunk_histories passes(count);
///     for (i = 0 ...) forward of chunk i with passes.forward(i), inference;
///     for (i = count - 1 ...) forward of chunk i again, with what the pass back needs, and backward:
///     passes.backward(i).
class chunk_histories {
  public:
    explicit chunk_histories(std::size_t count) : left_(count) {}
    chunk forward(std::size_t i) { return {before(i), i + 1 < left_.size() ? &left_[i] : nullptr, nullptr}; }
    chunk backward(std::size_t i) { return {before(i), nullptr, left_.size() > 1 ? &gradient_ : nullptr}; }
    /// Of the device's memory.
    std::size_t bytes() const {
        std::size_t sum = gradient_.bytes();
        for (const history& one : left_) sum += one.bytes();
        return sum;
    }

  private:
    const history* before(std::size_t i) const { return i > 0 ? &left_[i - 1] : nullptr; }
    std::vector<history> left_;
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
