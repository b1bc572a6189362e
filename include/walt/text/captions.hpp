// Captions become texts: equal ones are encoded once, and the empty one means "unconditional".
#pragma once

#include "../core/append.hpp"
#include "encoder.hpp"

#include <algorithm>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace walt {

/// Distinct captions, numbered in the order in which they come. Number 0 is the empty one.
class caption_list {
  public:
    caption_list() { number(""); }

    /// The number of a caption; a new one gets the next.
    std::int32_t number(const std::string& caption) {
        const auto [at, is_new] = numbers_.insert({caption, static_cast<std::int32_t>(captions_.size())});
        if (is_new) captions_.push_back(caption);
        return at->second;
    }
    const std::vector<std::string>& captions() const { return captions_; }

  private:
    std::vector<std::string> captions_;
    std::map<std::string, std::int32_t> numbers_;
};

/// Encoded captions, of which batches take what they need. Of each text only the positions up to its last valid one are
/// kept. Text 0 is valid nowhere, whatever an encoder would make of an empty text: that is how "unconditional" is said
/// (docs/model.md 1.4).
class text_table {
  public:
    /// Encodes a list, `at_once` captions in one call of the encoder. Throws walt::error where what comes is not as
    /// large as the encoder says.
    template <text_encoder Encoder>
    text_table(const Encoder& encoder, const caption_list& list, std::size_t at_once = 64)
        : tokens_(encoder.max_tokens()), dim_(encoder.dim()), begin_{0, 0} {
        const std::span<const std::string> captions = list.captions();
        for (std::size_t first = 1; first < captions.size(); first += at_once) {
            const auto asked = captions.subspan(first, std::min(at_once, captions.size() - first));
            const text_batch came = encoder.encode(asked);
            came.check();
            require(came.texts() == static_cast<std::int64_t>(asked.size()) && came.tokens == tokens_ &&
                        came.dim == dim_,
                    "a text encoder of {} positions of {} numbers was asked for {} texts; it gave {} texts of {} of {}",
                    tokens_, dim_, asked.size(), came.texts(), came.tokens, came.dim);
            for (std::size_t s = 0; s < asked.size(); ++s) add(came, s);
        }
    }

    /// The texts of a batch's frames, given the number of each frame's caption: text 0, then the others in the order in
    /// which they come.
    text_batch operator()(std::span<const std::int32_t> numbers) const {
        text_batch made{tokens_, dim_, {}, {}, {}};
        std::vector<std::int32_t> rows(begin_.size(), -1); // of each text
        std::int32_t count = 0;
        const auto row_of = [&](std::int32_t number) {
            std::int32_t& row = rows[static_cast<std::size_t>(number)];
            if (row < 0) {
                row = count++;
                append(made, static_cast<std::size_t>(number));
            }
            return row;
        };
        row_of(0);
        for (const std::int32_t number : numbers) made.row.push_back(row_of(number));
        return made;
    }

  private:
    template <class T>
    static void copy(const std::vector<T>& from, std::size_t first, std::size_t count, std::vector<T>& to) {
        detail::append(to, from, static_cast<std::ptrdiff_t>(first), static_cast<std::ptrdiff_t>(count));
    }
    void add(const text_batch& from, std::size_t s) {
        const auto M = static_cast<std::size_t>(tokens_), Dt = static_cast<std::size_t>(dim_);
        std::size_t kept = M;
        while (kept > 0 && from.valid[s * M + kept - 1] == 0) --kept;
        copy(from.valid, s * M, kept, valid_);
        copy(from.vectors, s * M * Dt, kept * Dt, vectors_);
        begin_.push_back(valid_.size());
    }
    void append(text_batch& to, std::size_t number) const {
        const auto M = static_cast<std::size_t>(tokens_), Dt = static_cast<std::size_t>(dim_);
        const std::size_t first = begin_[number], kept = begin_[number + 1] - first;
        const std::size_t texts = to.valid.size() / M + 1;
        copy(valid_, first, kept, to.valid);
        copy(vectors_, first * Dt, kept * Dt, to.vectors);
        to.valid.resize(texts * M);
        to.vectors.resize(texts * M * Dt);
    }

    int tokens_ = 0, dim_ = 0;
    std::vector<std::size_t> begin_;  // [texts + 1], in positions
    std::vector<float> vectors_;      // [positions, Dt]
    std::vector<std::uint8_t> valid_; // [positions]
};

/// Encodes captions (one a frame, in the order of the batch); equal captions are encoded once.
template <text_encoder Encoder>
text_batch encode_captions(const Encoder& encoder, const std::vector<std::string>& captions) {
    caption_list list;
    std::vector<std::int32_t> numbers;
    for (const std::string& caption : captions) numbers.push_back(list.number(caption));
    return text_table(encoder, list)(numbers);
}

} // namespace walt
