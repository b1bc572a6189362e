// The texts of a batch as the denoiser takes them: distinct texts once, and which one each frame has.
#pragma once

#include "encoder.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace walt {

/// S texts of M positions; text 0 is the empty one, all of whose positions are invalid: unconditional.
struct text_batch {
    std::vector<float> text;              // [S M, Dt]
    std::vector<std::uint8_t> text_valid; // [S M]
    std::vector<std::int32_t> text_row;   // one a caption: 0 .. S - 1
};

/// Encodes captions (one a frame, in the order of the batch); equal captions are encoded once.
template <text_encoder Encoder>
text_batch encode_captions(const Encoder& encoder, const std::vector<std::string>& captions) {
    const auto M = static_cast<std::size_t>(encoder.max_tokens()), Dt = static_cast<std::size_t>(encoder.dim());
    text_batch batch;
    std::map<std::string, std::int32_t> rows;
    const auto row_of = [&](const std::string& caption) {
        const auto [at, is_new] = rows.try_emplace(caption, static_cast<std::int32_t>(rows.size()));
        if (is_new) {
            batch.text.resize(batch.text.size() + M * Dt);
            batch.text_valid.resize(batch.text_valid.size() + M);
            encoder.encode(caption, batch.text.data() + batch.text.size() - M * Dt,
                           batch.text_valid.data() + batch.text_valid.size() - M);
        }
        return at->second;
    };
    row_of("");
    for (const std::string& caption : captions) batch.text_row.push_back(row_of(caption));
    return batch;
}

} // namespace walt
