// Encoded texts as the denoiser takes them: distinct texts once, and which one each frame has.
#pragma once

#include "../core/error.hpp"

#include <cstdint>
#include <vector>

namespace walt {

/// S texts of M positions of Dt numbers in host memory. In a batch text 0 is the empty one, all of whose positions are
/// invalid: unconditional.
struct text_batch {
    int tokens = 0, dim = 0;           ///< M and Dt
    std::vector<float> vectors{};      ///< [S M, Dt]
    std::vector<std::uint8_t> valid{}; ///< [S M]
    std::vector<std::int32_t> row{};   ///< one a frame: 0 .. S - 1

    friend bool operator==(const text_batch&, const text_batch&) = default;
    /// S.
    std::int64_t texts() const { return tokens > 0 ? static_cast<std::int64_t>(valid.size()) / tokens : 0; }

    /// Throws walt::error with both numbers where sizes do not belong together or a row names no text.
    void check() const {
        require(tokens > 0 && dim > 0, "texts have 1 position or more of 1 number or more; these have {} of {}", tokens,
                dim);
        require(!valid.empty() && valid.size() % static_cast<std::size_t>(tokens) == 0,
                "a batch has 1 text or more, each of {} positions; {} positions came", tokens, valid.size());
        require(vectors.size() == valid.size() * static_cast<std::size_t>(dim),
                "{} positions of texts have {} text numbers; {} came", valid.size(),
                valid.size() * static_cast<std::size_t>(dim), vectors.size());
        for (const std::int32_t one : row)
            require(one >= 0 && one < texts(), "a batch of {} texts has no text {}", texts(), one);
    }
    /// Throws walt::error where text 0 is not the empty one; `who` takes it for that.
    void require_empty(const char* who) const {
        for (int m = 0; texts() > 0 && m < tokens; ++m)
            require(valid[static_cast<std::size_t>(m)] == 0,
                    "{} text 0, which is the empty one, valid nowhere; of {} texts text 0 has a valid position {}", who,
                    texts(), m);
    }
};

} // namespace walt
