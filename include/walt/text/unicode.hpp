// Unicode as far as BERT's tokenizer needs it: UTF-8, letters without accents and capitals, punctuation.
#pragma once

#include "unicode_tables.hpp"

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

namespace walt::unicode {

/// Code points of UTF-8. Each byte that begins no whole character is U+FFFD.
inline std::u32string decode(std::string_view text) {
    std::u32string points;
    const auto byte = [&](std::size_t i) -> unsigned { return static_cast<unsigned char>(text[i]); };
    for (std::size_t i = 0; i < text.size();) {
        const unsigned lead = byte(i);
        const std::size_t length = lead < 0x80                   ? 1
                                   : lead >= 0xc2 && lead < 0xe0 ? 2
                                   : lead >= 0xe0 && lead < 0xf0 ? 3
                                   : lead >= 0xf0 && lead < 0xf5 ? 4
                                                                 : 0;
        bool whole = length > 0 && i + length <= text.size();
        for (std::size_t k = 1; whole && k < length; ++k) whole = (byte(i + k) & 0xc0u) == 0x80u;
        char32_t point = 0xfffd;
        if (whole) {
            constexpr unsigned lead_bits[]{0, 0x7f, 0x1f, 0x0f, 0x07};
            constexpr char32_t least[]{0, 0, 0x80, 0x800, 0x10000};
            point = lead & lead_bits[length];
            for (std::size_t k = 1; k < length; ++k) point = point << 6 | (byte(i + k) & 0x3fu);
            whole = point >= least[length] && point <= 0x10ffff && (point < 0xd800 || point > 0xdfff);
        }
        points += whole ? point : U'\xfffd';
        i += whole ? length : 1;
    }
    return points;
}

/// A code point as UTF-8, behind `text`.
inline void append(std::string& text, char32_t point) {
    const auto put = [&](char32_t byte) { text += static_cast<char>(byte); };
    if (point < 0x80) return put(point);
    if (point < 0x800) put(0xc0 | point >> 6);
    else {
        if (point < 0x10000) put(0xe0 | point >> 12);
        else {
            put(0xf0 | point >> 18);
            put(0x80 | (point >> 12 & 0x3f));
        }
        put(0x80 | (point >> 6 & 0x3f));
    }
    put(0x80 | (point & 0x3f));
}

/// Whether a text is UTF-8.
inline bool valid(std::string_view text) {
    std::string again;
    for (const char32_t point : decode(text)) append(again, point);
    return again == text;
}

namespace detail {
inline bool in(std::span<const walt::detail::code_range> ranges, char32_t point) {
    const auto at = std::lower_bound(ranges.begin(), ranges.end(), point,
                                     [](const walt::detail::code_range& r, char32_t p) { return r.last < p; });
    return at != ranges.end() && at->first <= point;
}
} // namespace detail

/// A mark on the letter before it, such as an accent.
inline bool is_mark(char32_t point) { return detail::in(walt::detail::unicode_marks, point); }
/// What is not shown; tabulators and ends of lines are white space.
inline bool is_control(char32_t point) {
    return point != U'\t' && point != U'\n' && point != U'\r' && detail::in(walt::detail::unicode_controls, point);
}
inline bool is_space(char32_t point) {
    return point == U' ' || (point >= 9 && point <= 13) || point == 0x85 || point == 0xa0 || point == 0x1680 ||
           (point >= 0x2000 && point <= 0x200a) || point == 0x2028 || point == 0x2029 || point == 0x202f ||
           point == 0x205f || point == 0x3000;
}
/// Punctuation, and all of ASCII that is no letter, digit or space.
inline bool is_punctuation(char32_t point) {
    if (point < 0x80)
        return point > U' ' && point < 0x7f && !(point >= U'0' && point <= U'9') && !(point >= U'A' && point <= U'Z') &&
               !(point >= U'a' && point <= U'z');
    return detail::in(walt::detail::unicode_punctuation, point);
}
/// Chinese characters, as BERT has them: its words are single ones.
inline bool is_ideograph(char32_t point) {
    constexpr walt::detail::code_range ranges[]{{0x3400, 0x4dbf},   {0x4e00, 0x9fff},   {0xf900, 0xfaff},
                                                {0x20000, 0x2a6df}, {0x2a700, 0x2b73f}, {0x2b740, 0x2b81f},
                                                {0x2b820, 0x2ceaf}, {0x2f800, 0x2fa1f}};
    return detail::in(ranges, point);
}

/// A code point taken apart, without marks, and small, behind `text`.
inline void append_plain(std::u32string& text, char32_t point) {
    if (point < 0x80) {
        text += point >= U'A' && point <= U'Z' ? point + (U'a' - U'A') : point;
        return;
    }
    if (is_mark(point)) return;
    if (point >= 0xac00 && point <= 0xd7a3) { // Hangul: a leading consonant, a vowel, perhaps a last consonant
        const char32_t index = point - 0xac00, last = index % 28;
        text += 0x1100 + index / (21 * 28);
        text += 0x1161 + index % (21 * 28) / 28;
        if (last > 0) text += 0x11a7 + last;
        return;
    }
    static const std::unordered_map<char32_t, std::u32string> table = [] {
        std::unordered_map<char32_t, std::u32string> made;
        const std::u32string all = decode(walt::detail::unicode_plain_letters);
        for (std::size_t i = 0; i < all.size();) {
            const std::size_t end = all.find(U' ', i);
            made[all[i]] = all.substr(i + 1, end - i - 1);
            i = end + 1;
        }
        return made;
    }();
    const auto at = table.find(point);
    if (at == table.end()) text += point;
    else text += at->second;
}

} // namespace walt::unicode
