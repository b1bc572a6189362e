// A text encoder without a network: each word is a fixed vector, of what it means where a table knows it, and else
// drawn from the hash of its letters.
#pragma once

#include "../core/error.hpp"
#include "../core/hash.hpp"
#include "../core/philox.hpp"
#include "encoder.hpp"
#include "vocabulary.hpp"
#include "word_table.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/core.h>

namespace walt {

/// What a word that training never used becomes: the nearest that it used, or nothing where none is near; or its own
/// vector, of which the model has to make something.
enum class unseen_words { nearest_seen, own_vectors };

/// Token p = word's vector (unit variance) + position_amplitude * [sin(p f_k), cos(p f_k)], f_k = 10000^(-2k / dim).
/// A word's vector is Gaussian, drawn from the hash of its letters. With a table of words, a word that is in it has its
/// vector there, and behind that hash_amplitude times Gaussian numbers of its hash, which tell words of nearly one
/// meaning apart. Words beyond max_tokens are left out, and no_room says which.
class word_vectors {
  public:
    static constexpr float position_amplitude = 0.3f, hash_amplitude = 0.3f;
    static constexpr float near_enough = 0.55f; ///< the cosine from which a word is read as another

    explicit word_vectors(int dim = 64, int max_tokens = 8) : dim_(dim), max_tokens_(max_tokens) {
        require(dim > 0 && dim % 2 == 0, "word vectors need an even dimension of 2 or more; it is {}", dim);
        require(max_tokens > 0, "word vectors need room for one token or more; max_tokens is {}", max_tokens);
    }
    /// Copies share the table.
    explicit word_vectors(word_table table, int dim = 64, int max_tokens = 8) : word_vectors(dim, max_tokens) {
        require(table.dim() <= dim, "word vectors of {} numbers have no room for a table's {}", dim, table.dim());
        table_ = std::make_shared<const word_table>(std::move(table));
    }

    /// The same for a model whose training used these words.
    word_vectors trained_with(vocabulary trained, unseen_words as = unseen_words::nearest_seen) const {
        word_vectors made = *this;
        made.trained_ = std::move(trained);
        made.unseen_ = as;
        return made;
    }

    /// Which vectors these are: those of another description are not what a model was trained with.
    std::string description() const {
        const std::string size = fmt::format("word_vectors({}, {})", dim_, max_tokens_);
        return table_ ? fmt::format("{} of the table {:016x}", size, table_->identity()) : size + " of hashed words";
    }

    /// A sentence that says which words of a text are beyond max_tokens, or nothing where all have room.
    std::string no_room(std::string_view text) const {
        const std::vector<std::string> all = words(text);
        const auto room = static_cast<std::size_t>(max_tokens_);
        if (all.size() <= room) return "";
        std::string rest;
        for (std::size_t i = room; i < all.size(); ++i) rest += (i > room ? " " : "") + all[i];
        return fmt::format("a text of {} words has room for {}; left out: '{}'", all.size(), room, rest);
    }

    /// A sentence for each word of a text, of those that have room, that the training never used, once; none where it
    /// is not known what it used.
    std::vector<std::string> never_seen(std::string_view text) const {
        std::vector<std::string> sentences;
        if (trained_.empty()) return sentences;
        std::vector<std::string> all = words(text);
        all.resize(std::min(all.size(), static_cast<std::size_t>(max_tokens_)));
        for (const std::string& word : std::set<std::string>(all.begin(), all.end())) {
            if (trained_.contains(word)) continue;
            const std::optional<nearest_word> found = nearest(word);
            std::string what = !found                         ? "an unknown word"
                               : found->cosine >= near_enough ? fmt::format("nearest seen: '{}'", found->word)
                                                              : fmt::format("near to none, not even '{}'", found->word);
            if (unseen_ == unseen_words::nearest_seen)
                what += found && found->cosine >= near_enough ? ", as which it is read" : "; it is left out";
            sentences.push_back(fmt::format("never seen in training: '{}' ({})", word, what));
        }
        return sentences;
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
            for (int p = 0; p < count; ++p) {
                const std::string word = read_as(all[static_cast<std::size_t>(p)]);
                valid[p] = !word.empty();
                if (!word.empty()) write(word, p, out + p * dim_);
            }
            out += max_tokens_ * dim_;
            valid += max_tokens_;
        }
        return made;
    }

  private:
    std::optional<nearest_word> nearest(const std::string& word) const {
        return table_ ? table_->nearest(word, trained_) : std::nullopt;
    }
    /// The word whose vector stands for this one; empty: none does.
    std::string read_as(const std::string& word) const {
        if (unseen_ == unseen_words::own_vectors || trained_.empty() || trained_.contains(word)) return word;
        const std::optional<nearest_word> found = nearest(word);
        return found && found->cosine >= near_enough ? found->word : "";
    }
    void write(const std::string& word, int position, float* out) const {
        const philox numbers{0, hash(word)};
        const auto meaning = table_ ? table_->find(word) : std::nullopt;
        const int known = meaning ? table_->dim() : 0, half = dim_ / 2;
        const auto own = [&](int k) {
            const float drawn = numbers.normal(static_cast<std::uint64_t>(k));
            return k < known ? (*meaning)[static_cast<std::size_t>(k)] : meaning ? hash_amplitude * drawn : drawn;
        };
        for (int k = 0; k < half; ++k) {
            const float angle = static_cast<float>(position) *
                                std::exp(-std::log(10000.0f) * static_cast<float>(k) / static_cast<float>(half));
            out[k] = own(k) + position_amplitude * std::sin(angle);
            out[half + k] = own(half + k) + position_amplitude * std::cos(angle);
        }
    }

    int dim_, max_tokens_;
    std::shared_ptr<const word_table> table_;
    vocabulary trained_;
    unseen_words unseen_ = unseen_words::nearest_seen;
};
static_assert(text_encoder<word_vectors>);

} // namespace walt
