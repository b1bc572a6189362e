// walt::error: the one exception type of the library, and the sentence builder behind every message.
#pragma once

#include <charconv>
#include <concepts>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <string_view>

namespace walt {

/// Thrown for everything that can only be known at run time. what() is a sentence that says what was expected,
/// what came, and which file, tensor or option it came from.
struct error : std::runtime_error {
    using std::runtime_error::runtime_error;
};

namespace detail {
inline void append(std::string& to, std::string_view part) { to += part; }
template <std::same_as<bool> Bool> void append(std::string& to, Bool part) { to += part ? "true" : "false"; }
template <std::same_as<char> Char> void append(std::string& to, Char part) { to += part; }
template <std::integral Integer>
    requires(!std::same_as<Integer, bool> && !std::same_as<Integer, char>)
void append(std::string& to, Integer part) {
    to += std::to_string(part);
}
template <std::floating_point Real> void append(std::string& to, Real part) {
    char digits[32];
    const int length = std::snprintf(digits, sizeof digits, "%.6g", static_cast<double>(part));
    to.append(digits, static_cast<std::size_t>(length));
}
} // namespace detail

/// The parts joined into one string; numbers are printed in decimal (reals with six digits).
template <class... Part> std::string sentence(const Part&... part) {
    std::string joined;
    (detail::append(joined, part), ...);
    return joined;
}

/// Throws walt::error with the parts joined into one sentence.
template <class... Part> [[noreturn]] void fail(const Part&... part) { throw error(sentence(part...)); }

/// Throws walt::error with the sentence unless the condition holds.
template <class... Part> constexpr void require(bool condition, const Part&... part) {
    if (!condition) fail(part...);
}

} // namespace walt
