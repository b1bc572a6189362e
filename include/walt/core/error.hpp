// walt::error: the one exception type of the library, and how every message is built: by fmt.
#pragma once

#if defined(__CUDACC__) && !defined(FMT_USE_CONSTEXPR)
#define FMT_USE_CONSTEXPR 1 // without it fmt 9 gives up its check under nvcc, and does not compile as C++20
#endif
#include <fmt/core.h>

#include <stdexcept>
#include <string_view>
#include <type_traits>

namespace walt {

/// Thrown for everything that can only be known at run time. what() is a sentence that says what was expected,
/// what came, and which file, tensor or option it came from.
struct error : std::runtime_error {
    using std::runtime_error::runtime_error;
};

namespace detail {
void a_sentence_needs_one_place_for_each_part(); ///< never defined: a sentence that calls it does not compile

/// A sentence with a place, {}, for each of its parts; {{ is a brace. That is counted when a program compiles. (fmt's
/// own check knows formats too, but takes a fifth of the time to include these headers: a part in a format of its own
/// is fmt::format's, which checks it.)
template <class... Part> struct sentence_with {
    fmt::string_view text;
    template <std::size_t N> consteval sentence_with(const char (&literal)[N]) : text(literal, N - 1) {
        std::size_t places = 0;
        for (std::size_t i = 0; i + 1 < N; ++i) {
            if (literal[i] != '{' && literal[i] != '}') continue;
            if (literal[i] == '{' && literal[i + 1] == '}') ++places;
            else if (literal[i] != literal[i + 1]) a_sentence_needs_one_place_for_each_part();
            ++i;
        }
        if (places != sizeof...(Part)) a_sentence_needs_one_place_for_each_part();
    }
};
template <class... Part> using sentence = std::type_identity_t<sentence_with<Part...>>;
} // namespace detail

/// Throws walt::error: fail("a model of {} elements cannot take {}", 3, 4).
template <class... Part> [[noreturn]] void fail(detail::sentence<Part...> with, const Part&... part) {
    throw error(fmt::vformat(with.text, fmt::make_format_args(part...)));
}

/// Throws walt::error with the sentence unless the condition holds.
template <class... Part> constexpr void require(bool condition, detail::sentence<Part...> with, const Part&... part) {
    if (!condition) fail<Part...>(with, part...);
}

} // namespace walt
