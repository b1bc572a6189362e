// Memory that a context hands out: buffers that live long, and the arena that a step's activations come from.
#pragma once

#include "view.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <new>
#include <vector>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace walt {

/// A block of a device's memory; freed with its last owner.
using memory = std::shared_ptr<std::byte>;

/// Every tensor starts on such a boundary: one cache line, one AVX-512 register, enough for any vector load on a GPU.
inline constexpr std::size_t alignment = 64;

constexpr std::size_t round_up(std::size_t value, std::size_t multiple) {
    return (value + multiple - 1) / multiple * multiple;
}

/// Zeroed host memory. Large blocks are mapped: the system gives zeros without their being written, so what nobody
/// touches, as the end of an arena's piece, takes no memory. They come in large pages where there are some, since
/// touching it the first time then takes a fifth, and every use of it looks up a five-hundredth of the addresses.
inline memory allocate_host(std::size_t bytes) {
#if defined(__linux__)
    if (constexpr std::size_t page = std::size_t{1} << 21; bytes >= 2 * page) {
        const std::size_t size = round_up(bytes, page) + page; // with room to begin on a large page
        void* const mapped = size < bytes
                                 ? MAP_FAILED // beyond all addresses
                                 : mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        require(mapped != MAP_FAILED, "out of memory: {} bytes were asked for", bytes);
        const std::size_t before = (page - reinterpret_cast<std::uintptr_t>(mapped) % page) % page;
        auto* const block = static_cast<std::byte*>(mapped) + before;
#if defined(MADV_HUGEPAGE)
        madvise(block, size - page, MADV_HUGEPAGE); // a wish
#endif
        return memory(block, [mapped, size](std::byte*) { munmap(mapped, size); });
    }
#endif
    const std::size_t size = round_up(std::max<std::size_t>(bytes, 1), alignment);
    auto* block = size < bytes
                      ? nullptr
                      : static_cast<std::byte*>(::operator new (size, std::align_val_t{alignment}, std::nothrow));
    require(block != nullptr, "out of memory: {} bytes were asked for", bytes);
    std::memset(block, 0, size);
    return memory(block, [](std::byte* p) { ::operator delete (p, std::align_val_t{alignment}); });
}

/// A flat array of T in the memory of a context; starts as zeros.
template <class T> class buffer {
  public:
    buffer() = default;
    template <class Context>
    buffer(Context& ctx, std::size_t count) : block_(ctx.allocate(count * sizeof(T))), count_(count) {}

    T* data() const { return reinterpret_cast<T*>(block_.get()); }
    std::size_t size() const { return count_; }
    view<T, dynamic> all() const { return view<T, dynamic>(data(), static_cast<std::int64_t>(count_)); }

  private:
    memory block_;
    std::size_t count_ = 0;
};

/// A stack of temporaries. What is taken lives until the scope it was taken in ends, so a step allocates nothing once
/// the arena has grown to the step's size. An arena without a source hands out null pointers and only counts (meta).
class arena {
  public:
    using source = std::function<memory(std::size_t bytes)>;

    arena() = default;
    explicit arena(source from) : source_(std::move(from)) {}
    arena(const arena&) = delete;
    arena& operator=(const arena&) = delete;

    /// An uninitialised view: take<float, dynamic, 256>(rows). Where the source throws, the arena stays as it was.
    template <class T, int... Extent, class... Count> view<T, Extent...> take(Count... count) {
        view<T, Extent...> shape(nullptr, count...);
        auto* place = bytes(static_cast<std::size_t>(shape.size()) * sizeof(T));
        return view<T, Extent...>(reinterpret_cast<T*>(place), count...);
    }

    /// Holds so many bytes in one piece, where nothing is taken yet: the arena then need not grow piece by piece up to
    /// them. For that it may hold up to twice as much at first, where the source has so much; on the host the rest is
    /// not touched, and is nobody's memory.
    void reserve(std::size_t bytes_in_all) {
        require(used_ == 0, "an arena reserves memory while none is taken, not with {} bytes in use", used_);
        if (!source_ || (chunks_.size() == 1 && chunks_.front().size >= bytes_in_all)) return;
        chunks_.clear();
        chunk_ = offset_ = 0;
        ++renewals_;
        chunks_.push_back({source_(bytes_in_all), bytes_in_all});
    }
    /// Bytes of the device's memory that it holds, in use or not.
    std::size_t held() const {
        std::size_t sum = 0;
        for (const chunk& one : chunks_) sum += one.size;
        return sum;
    }
    /// Most bytes ever in use at once.
    std::size_t peak() const { return peak_; }
    std::size_t used() const { return used_; }
    /// Says where the next piece will come from: while it is the same, the same takes give the same addresses.
    std::array<std::uint64_t, 3> place() const { return {renewals_, chunk_, offset_}; }

    /// Gives back, at the end of its life, everything taken since its beginning.
    class scope {
      public:
        explicit scope(arena& of) : arena_(of), chunk_(of.chunk_), offset_(of.offset_), used_(of.used_) {}
        ~scope() { arena_.rewind(chunk_, offset_, used_); }
        scope(const scope&) = delete;
        scope& operator=(const scope&) = delete;

      private:
        arena& arena_;
        std::size_t chunk_, offset_, used_;
    };

  private:
    struct chunk {
        memory block;
        std::size_t size;
    };

    std::byte* bytes(std::size_t count) {
        const std::size_t size = round_up(count, alignment), used = used_ + size, peak = std::max(peak_, used);
        std::byte* place = nullptr;
        if (source_) {
            std::size_t at = chunk_, offset = offset_;
            for (; at < chunks_.size() && offset + size > chunks_[at].size; ++at) offset = 0;
            if (at == chunks_.size()) {
                chunks_.push_back(grown(std::max({size, peak, std::size_t{1} << 20}), size));
            }
            place = chunks_[at].block.get() + offset;
            chunk_ = at;
            offset_ = offset + size;
        }
        used_ = used; // now that it is had: what a source refused must not count, nor be asked for again
        peak_ = peak;
        return place;
    }

    /// A piece as large as is wished, or as is needed, where the source has no more.
    chunk grown(std::size_t wished, std::size_t needed) {
        try {
            return {source_(wished), wished};
        } catch (const error&) {
            if (wished == needed) throw;
            return {source_(needed), needed};
        }
    }

    void rewind(std::size_t to_chunk, std::size_t to_offset, std::size_t to_used) {
        chunk_ = to_chunk;
        offset_ = to_offset;
        used_ = to_used;
        if (used_ == 0 && chunks_.size() > 1) { // everything is free: the next piece has the right size for all
            chunks_.clear();
            chunk_ = offset_ = 0;
            ++renewals_;
        }
    }

    source source_;
    std::vector<chunk> chunks_;
    std::size_t chunk_ = 0, offset_ = 0, used_ = 0, peak_ = 0;
    std::uint64_t renewals_ = 0;
};

/// Copies host numbers to the context's arena, in the element type asked for; the host's may be changed when it
/// returns.
template <class T, class Context, class Host> view<T, dynamic> to_device(Context& ctx, const std::vector<Host>& host) {
    const auto on_device = ctx.arena.template take<T, dynamic>(static_cast<std::int64_t>(host.size()));
    if constexpr (std::is_same_v<T, Host>) {
        ctx.upload(on_device.data(), host.data(), host.size() * sizeof(T));
    } else {
        const std::vector<T> converted(host.begin(), host.end());
        ctx.upload(on_device.data(), converted.data(), converted.size() * sizeof(T));
    }
    return on_device;
}

} // namespace walt
