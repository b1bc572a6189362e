// The texts of a batch as the denoiser takes them: distinct texts once, and which one each frame has.
#pragma once

#include "../core/error.hpp"
#include "encoder.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace walt {

/// S texts of M positions of Dt numbers in host memory. In a batch text 0 is the empty one, all of whose positions are
/// invalid: unconditional.
struct text_batch {
    int tokens = 0, dim = 0;           ///< M and Dt
    std::vector<float> vectors{};      ///< [S M, Dt]
    std::vector<std::uint8_t> valid{}; ///< [S M]
    std::vector<std::int32_t> row{};   ///< one a frame: 0 .. S - 1

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
};

/// Encodes captions (one a frame, in the order of the batch); equal captions are encoded once.
template <text_encoder Encoder>
text_batch encode_captions(const Encoder& encoder, const std::vector<std::string>& captions) {
    const auto M = static_cast<std::size_t>(encoder.max_tokens()), Dt = static_cast<std::size_t>(encoder.dim());
    text_batch batch{encoder.max_tokens(), encoder.dim(), {}, {}, {}};
    std::map<std::string, std::int32_t> rows;
    const auto row_of = [&](const std::string& caption) {
        const auto [at, is_new] = rows.try_emplace(caption, static_cast<std::int32_t>(rows.size()));
        if (is_new) {
            batch.vectors.resize(batch.vectors.size() + M * Dt);
            batch.valid.resize(batch.valid.size() + M);
            encoder.encode(caption, batch.vectors.data() + batch.vectors.size() - M * Dt,
                           batch.valid.data() + batch.valid.size() - M);
        }
        return at->second;
    };
    row_of("");
    for (const std::string& caption : captions) batch.row.push_back(row_of(caption));
    return batch;
}

} // namespace walt
