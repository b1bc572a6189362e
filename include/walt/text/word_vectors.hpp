// A text encoder without weights: each word is a fixed Gaussian vector, drawn from the hash of its letters.
#pragma once

#include "../core/error.hpp"
#include "../core/hash.hpp"
#include "../core/philox.hpp"
#include "encoder.hpp"

#include <algorithm>
#include <cmath>
#include <span>
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

    /// A text without words is valid nowhere.
    text_batch encode(std::span<const std::string> texts) const {
        const auto positions = texts.size() * static_cast<std::size_t>(max_tokens_);
        text_batch made{max_tokens_,
                        dim_,
                        std::vector<float>(positions * static_cast<std::size_t>(dim_)),
                        std::vector<std::uint8_t>(positions),
                        {}};
        float* out = made.vectors.data();
        std::uint8_t* valid = made.valid.data();
        for (const std::string& text : texts) {
            const std::vector<std::string> all = words(text);
            const int count = static_cast<int>(std::min(all.size(), static_cast<std::size_t>(max_tokens_)));
            for (int p = 0; p < count; ++p) write(all[static_cast<std::size_t>(p)], p, out + p * dim_);
            std::fill_n(valid, count, std::uint8_t{1});
            out += max_tokens_ * dim_;
            valid += max_tokens_;
        }
        return made;
    }

  private:
    void write(const std::string& word, int position, float* out) const {
        const philox numbers{0, hash(word)};
        const int half = dim_ / 2;
        for (int k = 0; k < half; ++k) {
            const float angle = static_cast<float>(position) *
                                std::exp(-std::log(10000.0f) * static_cast<float>(k) / static_cast<float>(half));
            out[k] = numbers.normal(static_cast<std::uint64_t>(k)) + position_amplitude * std::sin(angle);
            out[half + k] = numbers.normal(static_cast<std::uint64_t>(half + k)) + position_amplitude * std::cos(angle);
        }
    }

    int dim_, max_tokens_;
};
static_assert(text_encoder<word_vectors>);

} // namespace walt
