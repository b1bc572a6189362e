// WordPiece, BERT's tokenizer for text without capitals and accents (docs/model.md 22.3).
#pragma once

#include "../core/error.hpp"
#include "../io/read_file.hpp"
#include "tokens.hpp"
#include "unicode.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace walt {

/// wordpiece_tokenizer tokenizer("vocab.txt"). [CLS], the longest pieces of each word that the vocabulary has, [SEP]. A
/// file is one token a line, its number the line's; walt::error says what is wrong with it. What a text says is text:
/// "[SEP]" in it is three tokens. Bytes that are no UTF-8 are left out, as what is not shown is.
class wordpiece_tokenizer {
  public:
    static constexpr int least_tokens = 3;
    static constexpr std::size_t longest_word = 100; ///< characters; longer ones are unknown

    explicit wordpiece_tokenizer(const std::filesystem::path& path) : table_(std::make_shared<vocabulary_table>()) {
        const std::vector<std::byte> bytes = read_file(path);
        const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        fingerprint_ = hash(text);
        for (std::size_t at = 0; at < text.size();) {
            const std::size_t end = std::min(text.find('\n', at), text.size());
            std::string_view line = text.substr(at, end - at);
            if (line.ends_with('\r')) line.remove_suffix(1);
            const auto number = static_cast<std::int32_t>(table_->size());
            require(!line.empty(), "{} is no vocabulary of WordPiece: its line {} is empty", path.string(), number + 1);
            const bool is_new = table_->emplace(line, number).second;
            require(is_new, "{} is no vocabulary of WordPiece: it has {} twice, the second time in line {}",
                    path.string(), line, number + 1);
            at = end + 1;
        }
        const auto special = [&](const char* name) {
            const auto at = table_->find(name);
            require(at != table_->end(), "{} is no vocabulary of WordPiece: of its {} tokens none is {}", path.string(),
                    table_->size(), name);
            return at->second;
        };
        padding_ = special("[PAD]");
        unknown_ = special("[UNK]");
        begin_ = special("[CLS]");
        end_ = special("[SEP]");
    }

    token_list operator()(std::string_view text, int max_tokens) const {
        require(max_tokens >= least_tokens, "a text of BERT has {} tokens or more; max_tokens is {}", least_tokens,
                max_tokens);
        token_list made{{begin_}};
        for (const std::u32string& word : words(text)) add_pieces(word, made.ids);
        const std::size_t all = made.ids.size() - 1;
        made.words = std::min(all, static_cast<std::size_t>(max_tokens) - 2);
        made.cut = all - made.words;
        made.ids.resize(1 + made.words);
        made.ids.push_back(end_);
        return made;
    }
    int vocabulary() const { return static_cast<int>(table_->size()); }
    std::int32_t padding() const { return padding_; }
    std::uint64_t fingerprint() const { return fingerprint_; }

    /// A text's words: without accents and capitals; each punctuation mark and Chinese character is a word.
    static std::vector<std::u32string> words(std::string_view text) {
        std::vector<std::u32string> list;
        bool inside = false;
        const auto add = [&](char32_t point) {
            if (unicode::is_space(point)) {
                inside = false;
                return;
            }
            const bool alone = unicode::is_punctuation(point);
            if (!inside || alone) list.emplace_back();
            list.back() += point;
            inside = !alone;
        };
        std::u32string plain;
        for (const char32_t point : unicode::decode(text)) {
            if (point == 0 || point == 0xfffd || unicode::is_control(point)) continue;
            const bool ideograph = unicode::is_ideograph(point);
            if (ideograph) inside = false;
            plain.clear();
            unicode::append_plain(plain, point);
            for (const char32_t part : plain) add(part);
            if (ideograph) inside = false;
        }
        return list;
    }

  private:
    using vocabulary_table = std::unordered_map<std::string, std::int32_t>;

    /// The longest pieces from the left on, or one unknown token where something is left that no piece begins.
    void add_pieces(const std::u32string& word, std::vector<std::int32_t>& ids) const {
        const std::size_t before = ids.size();
        const auto give_up = [&] {
            ids.resize(before);
            ids.push_back(unknown_);
        };
        if (word.size() > longest_word) return give_up();
        std::vector<std::size_t> ends; // of the characters of `text`, in bytes
        std::string text;
        for (const char32_t point : word) {
            unicode::append(text, point);
            ends.push_back(text.size());
        }
        for (std::size_t first = 0; first < word.size();) {
            const std::size_t begin = first == 0 ? 0 : ends[first - 1];
            std::size_t last = word.size();
            for (; last > first; --last) {
                const std::string piece = (first > 0 ? "##" : "") + text.substr(begin, ends[last - 1] - begin);
                const auto at = table_->find(piece);
                if (at == table_->end()) continue;
                ids.push_back(at->second);
                break;
            }
            if (last == first) return give_up();
            first = last;
        }
    }

    std::shared_ptr<vocabulary_table> table_;
    std::uint64_t fingerprint_ = 0;
    std::int32_t padding_ = 0, unknown_ = 0, begin_ = 0, end_ = 0;
};
static_assert(text_tokenizer<wordpiece_tokenizer>);

} // namespace walt
