// The lines of a text file as people's programs write them: with or without a byte order mark, ended by LF or CR LF.
#pragma once

#include "read_file.hpp"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace walt {

/// A line that is not empty, and its number in the file, from 1.
struct text_line {
    std::int64_t number = 0;
    std::string text;
};

/// The lines of a file that are not empty. Throws walt::error where it cannot be read, and for UTF-16.
inline std::vector<text_line> text_lines(const std::filesystem::path& file) {
    const std::vector<std::byte> bytes = read_file(file);
    std::string_view rest(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    if (rest.starts_with("\xEF\xBB\xBF")) rest.remove_prefix(3);
    require(!rest.starts_with("\xFF\xFE") && !rest.starts_with("\xFE\xFF"),
            "{} is UTF-16, and only UTF-8 is read: save it as that", file.string());
    std::vector<text_line> lines;
    for (std::int64_t number = 1; !rest.empty(); ++number) {
        const std::size_t end = rest.find('\n');
        std::string_view line = rest.substr(0, end);
        rest.remove_prefix(end == rest.npos ? rest.size() : end + 1);
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (!line.empty()) lines.push_back({number, std::string(line)});
    }
    return lines;
}

} // namespace walt
