// Shapes and views: a pointer with extents, each known at compile time or at run time.
#pragma once

#include "error.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace walt {

/// An extent that is known at run time only (a batch, a number of rows).
inline constexpr int dynamic = -1;

/// A row-major array of T that somebody else owns, on whatever device. view<float, dynamic, 5, 256> is [B, 5, 256]
/// with B known at run time: view<float, dynamic, 5, 256>(pointer, B).
template <class T, int... Extent> class view {
  public:
    using element = T;
    static constexpr int rank = sizeof...(Extent);
    static constexpr int rank_dynamic = (0 + ... + (Extent == dynamic));
    static constexpr std::array<int, rank> statics{Extent...};

    constexpr view() = default;
    template <class... Count>
    requires(sizeof...(Count) == rank_dynamic &&
             (std::is_convertible_v<Count, std::int64_t> && ...)) constexpr explicit view(T* data, Count... count)
        : data_(data) {
        const std::array<std::int64_t, rank_dynamic + 1> given{static_cast<std::int64_t>(count)..., 0};
        int next = 0;
        for (int axis = 0; axis < rank; ++axis)
            extents_[static_cast<std::size_t>(axis)] =
                static_extent(axis) == dynamic ? given[static_cast<std::size_t>(next++)] : static_extent(axis);
    }

    /// The extent in the type: a number, or `dynamic`.
    static constexpr int static_extent(int axis) { return statics[static_cast<std::size_t>(axis)]; }
    constexpr std::int64_t extent(int axis) const { return extents_[static_cast<std::size_t>(axis)]; }
    constexpr T* data() const { return data_; }
    constexpr explicit operator bool() const { return data_ != nullptr; }
    constexpr std::int64_t size() const {
        std::int64_t product = 1;
        for (const std::int64_t count : extents_) product *= count;
        return product;
    }

    /// The same memory, not to be written through. (A function, since a conversion would not be found in deduction.)
    constexpr auto read() const { return over<const T>(data_); }

    /// The same memory with other extents; the number of elements must stay.
    template <int... Other, class... Count> constexpr view<T, Other...> as(Count... count) const {
        view<T, Other...> other(data_, count...);
        require(other.size() == size(), "a view of {} elements cannot be seen as one of {}", size(), other.size());
        return other;
    }

    /// The same shape over other memory.
    template <class U> constexpr view<U, Extent...> over(U* data) const {
        view<U, Extent...> same;
        same.data_ = data;
        same.extents_ = extents_;
        return same;
    }

    /// Element (i, j, ...); host memory only.
    template <class... Index>
    requires(sizeof...(Index) == rank) constexpr T& operator()(Index... index) const {
        std::int64_t at = 0;
        int axis = 0;
        ((at = at * extents_[static_cast<std::size_t>(axis++)] + static_cast<std::int64_t>(index)), ...);
        return data_[at];
    }

    /// Entries [first, first + count) of the outermost axis, which must be dynamic.
    constexpr view slice(std::int64_t first, std::int64_t count) const {
        static_assert(rank > 0 && static_extent(0) == dynamic,
                      "only a view whose first extent is dynamic can be sliced");
        view part = *this;
        part.extents_[0] = count;
        if (data_) part.data_ = data_ + first * (extents_[0] ? size() / extents_[0] : 0);
        return part;
    }

  private:
    template <class, int...> friend class view;
    T* data_ = nullptr;
    std::array<std::int64_t, rank> extents_{(Extent == dynamic ? 0 : Extent)...};
};

/// A vector of run-time length.
template <class T> using span_of = view<T, dynamic>;

} // namespace walt
