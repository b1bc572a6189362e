// The lines of a text file as people's programs write them: ended by LF, CR LF or CR, with a byte order mark or
// without.
#pragma once

#include "read_file.hpp"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace walt {

/// A line that is more than blanks, and its number in the file, from 1.
struct text_line {
    std::int64_t number = 0;
    std::string text;
};

/// The lines of a file that are more than blanks, as they are. Throws walt::error where it cannot be read, and for
/// UTF-16.
inline std::vector<text_line> text_lines(const std::filesystem::path& file) {
    const std::vector<std::byte> bytes = read_file(file);
    std::string_view rest(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    if (rest.starts_with("\xEF\xBB\xBF")) rest.remove_prefix(3);
    require(!rest.starts_with("\xFF\xFE") && !rest.starts_with("\xFE\xFF"),
            "{} is UTF-16, and only UTF-8 is read: save it as that", file.string());
    std::vector<text_line> lines;
    for (std::int64_t number = 1; !rest.empty(); ++number) {
        const std::size_t end = std::min(rest.find_first_of("\r\n"), rest.size());
        const std::string_view line = rest.substr(0, end);
        rest.remove_prefix(end);
        rest.remove_prefix(rest.starts_with("\r\n") ? 2 : rest.empty() ? 0 : 1);
        if (line.find_first_not_of(" \t") != line.npos) lines.push_back({number, std::string(line)});
    }
    return lines;
}

} // namespace walt
