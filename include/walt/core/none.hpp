// What is passed for an operand that is left out.
#pragma once

#include <cstdint>
#include <type_traits>

namespace walt {

/// An operand that is left out: no bias, no QK norm, a gradient that is not wanted.
struct none {
    using element = float;
    static constexpr std::int64_t size() { return 0; }
    constexpr none read() const { return {}; }
    constexpr explicit operator bool() const { return false; }
};
template <class T> inline constexpr bool is_none = std::is_same_v<std::remove_cvref_t<T>, none>;

} // namespace walt
