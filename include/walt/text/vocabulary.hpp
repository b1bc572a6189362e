// The words of a text, and those of all texts of a training.
#pragma once

#include "unicode.hpp"

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace walt {

/// The words of a text (UTF-8): split at Unicode's white space and punctuation and at what is no UTF-8, A-Z made small;
/// what is not shown (a byte order mark, joiners) is left out.
inline std::vector<std::string> words(std::string_view text) {
    constexpr char32_t zero_width_space = 0x200b;
    std::vector<std::string> list;
    bool inside = false;
    for (const char32_t c : unicode::decode(text)) {
        if (c != zero_width_space && unicode::is_control(c)) continue;
        const bool letter =
            c != zero_width_space && c != U'\xfffd' && !unicode::is_space(c) && !unicode::is_punctuation(c);
        if (letter && !inside) list.emplace_back();
        if (letter) unicode::append(list.back(), c >= U'A' && c <= U'Z' ? c - U'A' + U'a' : c);
        inside = letter;
    }
    return list;
}

/// Distinct words, in the order of their letters: what a training's captions are made of.
class vocabulary {
  public:
    vocabulary() = default;
    /// Of one text, which may be many.
    explicit vocabulary(std::string_view text) { add(text); }

    void add(std::string_view text) {
        for (std::string& word : walt::words(text)) words_.insert(std::move(word));
    }
    bool empty() const { return words_.empty(); }
    bool contains(const std::string& word) const { return words_.contains(word); }
    const std::set<std::string>& words() const { return words_; }
    /// One text of all its words, of which vocabulary(text()) is this one.
    std::string text() const {
        std::string all;
        for (const std::string& word : words_) all += (all.empty() ? "" : " ") + word;
        return all;
    }
    friend bool operator==(const vocabulary&, const vocabulary&) = default;

  private:
    std::set<std::string> words_;
};

} // namespace walt
