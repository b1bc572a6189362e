// walt::error: the one exception type of the library, and how every message is built: by fmt.
#pragma once

#if defined(min) || defined(max)
#error "min or max is a macro: define NOMINMAX before <windows.h>, or #undef them before walt's headers"
#undef min // so that the sentence is all that is said
#undef max
#endif
#if defined(check) || defined(require) || defined(fail)
#error "check, require or fail is a macro: #undef it before walt's headers"
#undef check
#undef require
#undef fail
#endif

#if defined(__CUDACC__) && !defined(FMT_USE_CONSTEXPR)
#define FMT_USE_CONSTEXPR 1 // without it fmt 9 gives up its check under nvcc, and does not compile as C++20
#endif
#include <fmt/core.h>

#include <cstddef>
#include <initializer_list>
#include <stdexcept>
#include <string>
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
template <std::size_t Parts> struct sentence_with {
    const char* text;
    consteval sentence_with(const char* literal) : text(literal) {
        std::size_t places = 0;
        for (const char* at = literal; *at != 0; ++at) {
            if (*at != '{' && *at != '}') continue;
            if (at[0] == '{' && at[1] == '}') ++places;
            else if (at[0] != at[1]) a_sentence_needs_one_place_for_each_part();
            ++at;
        }
        if (places != Parts) a_sentence_needs_one_place_for_each_part();
    }
};
template <class... Part> using sentence = std::type_identity_t<sentence_with<sizeof...(Part)>>;

/// A part of a sentence: what it is, and how fmt writes it. Known by type one at a time, not as the list that a
/// sentence happens to have: what is compiled for one sentence serves all.
class sentence_part {
  public:
    template <class Part> sentence_part(const Part& part) : part_(&part), add_(&add<Part>) {}
    template <std::size_t N> sentence_part(const char (&part)[N]) : part_(part), add_(&add_literal) {}
    void add_to(std::string& text) const { add_(text, part_); }

  private:
    template <class Part> static void add(std::string& text, const void* part) {
        text += fmt::vformat("{}", fmt::make_format_args(*static_cast<const Part*>(part)));
    }
    static void add_literal(std::string& text, const void* part) { text += static_cast<const char*>(part); }

    const void* part_;
    void (*add_)(std::string&, const void*);
};

/// The sentence with its parts in their places.
inline std::string written(const char* sentence, std::initializer_list<sentence_part> parts) {
    std::string text;
    const sentence_part* part = parts.begin();
    for (const char* at = sentence; *at != 0; ++at) {
        if (at[0] == '{' && at[1] == '}') (part++)->add_to(text);
        else text += *at;
        if (*at == '{' || *at == '}') ++at; // a place, or a brace that stands twice
    }
    return text;
}
} // namespace detail

/// Throws walt::error: fail("a model of {} elements cannot take {}", 3, 4).
template <class... Part> [[noreturn]] void fail(detail::sentence<Part...> with, const Part&... part) {
    throw error(detail::written(with.text, {part...}));
}

/// Throws walt::error with the sentence unless the condition holds.
template <class... Part> constexpr void require(bool condition, detail::sentence<Part...> with, const Part&... part) {
    if (!condition) fail<Part...>(with, part...);
}

} // namespace walt
