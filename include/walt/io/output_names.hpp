// Where results go: folders that are known to be writable before the work begins, and names of files made of texts.
#pragma once

#include "../text/unicode.hpp"
#include "atomic_file.hpp"
#include "folders.hpp"

#include <filesystem>
#include <map>
#include <string>
#include <system_error>
#include <vector>

namespace walt {

/// Makes a folder, if it is not there, and tries to write there: what is wrong is said before anything is computed.
inline void make_writable(const std::filesystem::path& folder) {
    make_folder(folder);
    const atomic_file tried(folder / "writable");
}

/// A name for the file of each text, without an ending: its letters and digits of any script, the others as _, at most
/// 60 bytes; "no_text" where nothing is left. All names differ (a number follows where texts would share one), also for
/// who knows neither capitals nor marks, and none begins with a dot or a hyphen, as options of programs do.
inline std::vector<std::string> file_names(const std::vector<std::string>& texts) {
    constexpr std::size_t longest = 60;
    std::vector<std::string> names;
    std::map<std::u32string, int> taken; // plain and small, with the last number that followed each
    const auto plain = [](const std::string& name) {
        std::u32string made;
        for (const char32_t point : unicode::decode(name)) unicode::append_plain(made, point);
        return made;
    };
    const auto empty_letter = [](char32_t point) { // of Hangul and Braille
        return point == 0x115f || point == 0x1160 || point == 0x3164 || point == 0xffa0 || point == 0x2800;
    };
    for (const std::string& text : texts) {
        std::string name;
        for (const char32_t point : unicode::decode(text)) {
            const bool kept = point != U'\xfffd' && !unicode::is_space(point) && !unicode::is_control(point) &&
                              !unicode::is_punctuation(point) && !empty_letter(point);
            const std::size_t before = name.size();
            if (kept || (point == U'-' && !name.empty())) unicode::append(name, point);
            else if (!name.empty() && name.back() != '_') name += '_';
            if (name.size() <= longest) continue;
            name.resize(before);
            break;
        }
        while (!name.empty() && name.back() == '_') name.pop_back();
        if (name.empty()) name = "no_text";
        const auto [at, is_new] = taken.try_emplace(plain(name), 1);
        std::string unique = name;
        while (!is_new) {
            unique = fmt::format("{}_{}", name, ++at->second);
            if (taken.try_emplace(plain(unique), 1).second) break;
        }
        names.push_back(unique);
    }
    return names;
}

} // namespace walt
