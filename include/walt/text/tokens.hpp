// What a tokenizer is: a text in, numbers of a vocabulary out.
#pragma once

#include "../core/hash.hpp"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace walt {

/// A text's tokens, with those that the network's training put around a text.
struct token_list {
    std::vector<std::int32_t> ids{};
    std::size_t words = 0; ///< tokens that stand for something in the text; 0: nothing was said
    std::size_t cut = 0;   ///< tokens of the text that had no room
};

/// `tokenizer(text, max_tokens)` gives at most max_tokens tokens (from least_tokens on): a text that is too long loses
/// its last words, not what ends it. Equal fingerprints mean equal tokens of every text.
template <class T>
concept text_tokenizer = requires(const T& tokenizer, std::string_view text, int max_tokens) {
    { tokenizer(text, max_tokens) } -> std::same_as<token_list>;
    { tokenizer.vocabulary() } -> std::same_as<int>;       ///< numbers are 0 .. vocabulary - 1
    { tokenizer.padding() } -> std::same_as<std::int32_t>; ///< what stands at positions that are not valid
    { T::least_tokens } -> std::convertible_to<int>;       ///< those around a text, and one of it
    { tokenizer.fingerprint() } -> std::same_as<std::uint64_t>;
};

} // namespace walt
