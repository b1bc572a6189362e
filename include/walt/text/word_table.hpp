// Words with meaning: vectors of the common words, near each other where the words mean nearly the same.
#pragma once

#include "../core/error.hpp"
#include "../core/hash.hpp"
#include "vocabulary.hpp"

#include <cmath>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace walt {

/// Of the words of a vocabulary the one whose vector is nearest to another word's, and the cosine between the two.
struct nearest_word {
    std::string word;
    float cosine = 0;
};

/// Distinct words with a vector each, of unit mean square or about so. read_word_table (text/read_word_table.hpp) takes
/// one from a file.
class word_table {
  public:
    /// Vectors [words, dim]. Throws walt::error, which begins with `name`, where a word is empty or comes twice, or a
    /// vector is missing, zero or not finite.
    word_table(std::vector<std::string> words, int dim, std::vector<float> vectors,
               std::string_view name = "word_table")
        : dim_(dim), words_(std::move(words)), vectors_(std::move(vectors)) {
        require(dim > 0 && vectors_.size() == words_.size() * static_cast<std::size_t>(dim),
                "{}: {} words of {} numbers came with {} numbers", name, words_.size(), dim, vectors_.size());
        std::string all;
        for (std::size_t i = 0; i < words_.size(); ++i) {
            require(!words_[i].empty(), "{}: word {} is empty", name, i);
            require(number_.emplace(words_[i], i).second, "{}: the word '{}' comes twice", name, words_[i]);
            const float length = std::sqrt(dot(row(i), row(i)));
            require(length > 0 && std::isfinite(length), "{}: the vector of '{}' should have a length, not {}", name,
                    words_[i], length);
            all += words_[i] + '\n';
        }
        identity_ = hash(all) ^ hash({reinterpret_cast<const char*>(vectors_.data()), sizeof(float) * vectors_.size()});
    }

    std::size_t size() const { return words_.size(); }
    /// Numbers of a vector.
    int dim() const { return dim_; }
    /// Tells tables apart: a model is of the one that it was trained with.
    std::uint64_t identity() const { return identity_; }

    /// The vector of a word, or nothing.
    std::optional<std::span<const float>> find(const std::string& word) const {
        const auto at = number_.find(word);
        if (at == number_.end()) return {};
        return row(at->second);
    }

    /// The nearest word to `word`; nothing where it has no vector, or none of `among` has.
    std::optional<nearest_word> nearest(const std::string& word, const vocabulary& among) const {
        const auto of = find(word);
        std::optional<nearest_word> best;
        if (!of) return best;
        for (const std::string& other : among.words())
            if (const auto to = find(other)) {
                const float cosine = dot(*of, *to) / std::sqrt(dot(*of, *of) * dot(*to, *to));
                if (!best || cosine > best->cosine) best = nearest_word{other, cosine};
            }
        return best;
    }

  private:
    std::span<const float> row(std::size_t i) const {
        const auto dim = static_cast<std::size_t>(dim_);
        return std::span(vectors_).subspan(i * dim, dim);
    }
    static float dot(std::span<const float> a, std::span<const float> b) {
        float sum = 0;
        for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
        return sum;
    }

    int dim_;
    std::uint64_t identity_ = 0;
    std::vector<std::string> words_;
    std::vector<float> vectors_; // [words, dim]
    std::unordered_map<std::string, std::size_t> number_;
};

} // namespace walt
