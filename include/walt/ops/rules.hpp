// What an op's front checks before it hands over to a device: extents that must agree, and optional operands.
#pragma once

#include "../core/dtype.hpp"
#include "../core/view.hpp"

namespace walt {

/// An operand that is left out (no bias, no QK norm).
struct none {
    using element = float;
    static constexpr std::int64_t size() { return 0; }
    constexpr none read() const { return {}; }
    constexpr explicit operator bool() const { return false; }
};
template <class T> inline constexpr bool is_none = std::is_same_v<std::remove_cvref_t<T>, none>;

namespace rules {

/// Two extents that must be equal, as far as the compiler knows them.
template <int Left, int Right> struct extents_agree {
    static constexpr bool value = Left == Right || Left == dynamic || Right == dynamic;
    static_assert(value, "two extents of this op's operands must be equal and are not");
};
/// Head size that attention works on.
template <int Width, int Heads> struct heads_divide_width {
    static constexpr bool value = Heads > 0 && Width % (Heads > 0 ? Heads : 1) == 0;
    static_assert(value, "the number of heads must divide the width (hidden % heads == 0)");
};

/// Axis I of Left and axis J of Right agree at compile time, or will be compared at run time.
template <class Left, int I, class Right, int J>
inline constexpr bool agree = extents_agree<Left::static_extent(I), Right::static_extent(J)>::value;

/// At run time: `what` names the two extents in the message.
inline void equal(std::int64_t left, std::int64_t right, const char* what) {
    require(left == right, "{} must be equal; they are {} and {}", what, left, right);
}

} // namespace rules
} // namespace walt
