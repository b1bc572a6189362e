// What a text encoder is: texts in, up to M vectors of each and their validity out.
#pragma once

#include "text_batch.hpp"

#include <concepts>
#include <span>
#include <string>

namespace walt {

/// `encode` gives S texts of max_tokens() positions of dim() numbers, in the order asked for and without rows;
/// positions that are not valid are zeros. It may be a network with a context and weights of its own: it is asked only
/// while a cache is built or a prompt is prepared, by the thread that does so, never inside a training step.
template <class E>
concept text_encoder = requires(const E& e, std::span<const std::string> texts) {
    { e.dim() } -> std::same_as<int>;
    { e.max_tokens() } -> std::same_as<int>;
    { e.encode(texts) } -> std::same_as<text_batch>;
};

} // namespace walt
