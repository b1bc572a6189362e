// The words of a text, and those of all texts of a training.
#pragma once

#include <set>
#include <string>
#include <string_view>
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
