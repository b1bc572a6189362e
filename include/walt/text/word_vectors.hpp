// A text encoder without weights: each word is a fixed Gaussian vector, drawn from the hash of its letters.
#pragma once

#include "../core/error.hpp"
#include "../core/hash.hpp"
#include "../core/philox.hpp"
#include "encoder.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

namespace walt {

/// The words of a text: split at ASCII white space and punctuation, A-Z made small. Other bytes (UTF-8) stay as they
/// are.
inline std::vector<std::string> words(std::string_view text) {
    std::vector<std::string> list;
    bool inside = false;
    for (const char c : text) {
        const bool upper = c >= 'A' && c <= 'Z', plain = upper || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        const bool letter = plain || static_cast<unsigned char>(c) >= 0x80;
        if (letter && !inside) list.emplace_back();
        if (letter) list.back() += upper ? static_cast<char>(c - 'A' + 'a') : c;
        inside = letter;
    }
    return list;
}

/// Token p = word's vector (unit variance) + position_amplitude * [sin(p f_k), cos(p f_k)], f_k = 10000^(-2k / dim).
/// Words beyond max_tokens are left out; words(text).size() says how many there are.
class word_vectors {
  public:
    static constexpr float position_amplitude = 0.3f;

    explicit word_vectors(int dim = 64, int max_tokens = 8) : dim_(dim), max_tokens_(max_tokens) {
        require(dim > 0 && dim % 2 == 0, "word vectors need an even dimension of 2 or more; it is {}", dim);
        require(max_tokens > 0, "word vectors need room for one token or more; max_tokens is {}", max_tokens);
    }

    int dim() const { return dim_; }
    int max_tokens() const { return max_tokens_; }

    void encode(std::string_view text, float* out, std::uint8_t* valid) const {
        const std::vector<std::string> all = words(text);
        const int count = static_cast<int>(std::min(all.size(), static_cast<std::size_t>(max_tokens_)));
        std::fill_n(out, static_cast<std::size_t>(max_tokens_) * static_cast<std::size_t>(dim_), 0.0f);
        for (int p = 0; p < max_tokens_; ++p) valid[p] = p < count;
        for (int p = 0; p < count; ++p, out += dim_) {
            const philox numbers{0, hash(all[static_cast<std::size_t>(p)])};
            const int half = dim_ / 2;
            for (int k = 0; k < half; ++k) {
                const float angle = static_cast<float>(p) *
                                    std::exp(-std::log(10000.0f) * static_cast<float>(k) / static_cast<float>(half));
                out[k] = numbers.normal(static_cast<std::uint64_t>(k)) + position_amplitude * std::sin(angle);
                out[half + k] =
                    numbers.normal(static_cast<std::uint64_t>(half + k)) + position_amplitude * std::cos(angle);
            }
        }
    }

  private:
    int dim_, max_tokens_;
};
static_assert(text_encoder<word_vectors>);

} // namespace walt
