// What a text encoder is: a caption in, up to M vectors and their validity out.
#pragma once

#include <concepts>
#include <cstdint>
#include <string_view>

namespace walt {

/// `encode` writes out [max_tokens, dim] and valid [max_tokens] (1 or 0; rows that are not valid are zeros).
/// A text without words is valid nowhere: that is how "unconditional" is said (spec 1.4). Several threads may encode at
/// once.
template <class E>
concept text_encoder = requires(const E& e, std::string_view text, float* out, std::uint8_t* valid) {
    { e.dim() } -> std::same_as<int>;
    { e.max_tokens() } -> std::same_as<int>;
    e.encode(text, out, valid);
};

} // namespace walt
