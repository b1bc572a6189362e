// Which numbers an option may have: the one way in which options are checked, where they enter.
//     struct sharpening { float amount = 1; void check() const { check_option("sharpening::amount", amount, {0, 5}); }
//     };
#pragma once

#include "error.hpp"

#include <limits>
#include <string>
#include <type_traits>

namespace walt {

/// Numbers from `least` to `most`, with both or without the first. What is no number lies in no range.
struct range {
    double least = 0, most = std::numeric_limits<double>::max();
    bool with_least = true;

    constexpr bool contains(double value) const {
        return (with_least ? value >= least : value > least) && value <= most;
    }
    /// For sentences: "0 to 1", "above 0 and up to 1", "1 or more", "above 0".
    std::string text() const {
        const bool open = most == std::numeric_limits<double>::max();
        if (with_least) return open ? fmt::format("{} or more", least) : fmt::format("{} to {}", least, most);
        return open ? fmt::format("above {}", least) : fmt::format("above {} and up to {}", least, most);
    }
};

/// Ranges that many options have. Those of real numbers are finite.
namespace ranges {
inline constexpr range share{0, 1};                                            ///< a part, a probability
inline constexpr range not_negative{};                                         ///< finite
inline constexpr range positive{0, std::numeric_limits<double>::max(), false}; ///< finite
inline constexpr range count{1};                                               ///< 1 or more
inline constexpr range level{0, 999};                                          ///< of noise
inline constexpr range below_one{0, 0.99999999};                               ///< of what decays
inline constexpr range finite{-std::numeric_limits<double>::max()};            ///< any number
} // namespace ranges

namespace detail {
struct any_option {
    void operator()(const char*, auto, const range&) const {}
};
} // namespace detail

/// Throws walt::error, with the option's name, where its number lies elsewhere.
template <class Number>
requires std::is_arithmetic_v<Number>
void check_option(const char* name, Number value, const range& allowed) {
    if (!allowed.contains(static_cast<double>(value))) fail("{} must be {}; it is {}", name, allowed.text(), value);
}

/// Throws walt::error where an option lies elsewhere, or the options' own check() does.
template <class Options> void check_options(const Options& how) {
    if constexpr (requires { how.each_option(detail::any_option{}); })
        how.each_option([](const char* name, auto value, const range& allowed) { check_option(name, value, allowed); });
    if constexpr (requires { how.check(); }) how.check();
}
/// Passes on the options of what another thing is made of; nothing of what lists none.
template <class Options> void each_option_of(const Options& how, auto&& option) {
    if constexpr (requires { how.each_option(option); }) how.each_option(option);
}
/// For whoever takes and keeps them: how_(checked(std::move(how))).
template <class Options> Options checked(Options how) {
    check_options(how);
    return how;
}

/// Options as text, a line each, "adamw::learning_rate 0.0005": what a run's state says of its run. Nothing of options
/// that do not list themselves.
template <class Options> std::string options_text(const Options& how) {
    std::string text;
    if constexpr (requires { how.each_option(detail::any_option{}); })
        how.each_option(
            [&](const char* name, auto value, const range&) { text += fmt::format("{} {}\n", name, value); });
    return text;
}

} // namespace walt
