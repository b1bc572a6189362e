// The official lists of what belongs to a part of a dataset, as UCF-101's trainlist01.txt and ImageNet's val.txt are.
#pragma once

#include "../io/text_lines.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace walt {

/// class_folder(folder, file_list{...}): the files that a list names, with the labels that go with them.
struct file_list {
    std::filesystem::path files;     ///< lines "file" or "file number of its class"; files are relative to the folder
    std::filesystem::path classes{}; ///< lines "number name" or "name", in the order of labels: UCF-101's classInd.txt.
                                     ///< Empty: the class folders in the order of their names
};                                   // Between the two are spaces or tabs; behind them they do not matter.

namespace detail {
/// Without spaces and tabs at its beginning and end.
inline std::string trimmed(std::string_view text) {
    const std::size_t begin = std::min(text.find_first_not_of(" \t"), text.size());
    return std::string(text.substr(begin, text.find_last_not_of(" \t") + 1 - begin));
}

/// A class's number that is all of a text, or nothing. Throws walt::error for one that 32 bits do not hold: no list has
/// so many classes, and what is computed of others stays in 64 bits.
inline std::optional<std::int64_t> whole_number(std::string_view text, std::int64_t line,
                                                const std::filesystem::path& file) {
    std::int32_t number = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (problem == std::errc::invalid_argument || end != text.data() + text.size()) return std::nullopt;
    require(problem == std::errc{}, "line {} of '{}' says class {}; numbers of classes are -2147483648 to 2147483647",
            line, file.string(), text);
    return number;
}

/// Names of classes in the order of their labels, and the number that lists give the first of them.
struct class_order {
    std::vector<std::string> names{};
    std::optional<std::int64_t> first{};
};

inline class_order read_classes(const std::filesystem::path& file) {
    class_order order;
    for (const auto& [number, whole] : text_lines(file)) {
        const std::string line = trimmed(whole);
        const std::size_t space = line.find_first_of(" \t");
        const auto given = space == std::string::npos
                               ? std::nullopt
                               : whole_number(std::string_view(line).substr(0, space), number, file);
        if (order.names.empty()) order.first = given;
        const auto label = static_cast<std::int64_t>(order.names.size());
        require(given.has_value() == order.first.has_value() && (!given || *given == *order.first + label),
                "line {} of '{}' should be class {}, but says \"{}\"", number, file.string(),
                order.first ? std::to_string(*order.first + label) : "of a name alone", line);
        order.names.push_back(given ? trimmed(std::string_view(line).substr(space)) : line);
    }
    require(!order.names.empty(), "'{}' names no class", file.string());
    return order;
}

/// A line of a list: a file, and the number of its class where the list has it.
struct listed_file {
    std::int64_t line = 0;
    std::filesystem::path name;
    std::optional<std::int64_t> number{};
};

inline std::vector<listed_file> read_list(const std::filesystem::path& file) {
    std::vector<listed_file> listed;
    std::map<std::string, std::int64_t> seen;
    for (const auto& [number, whole] : text_lines(file)) {
        const std::string line = trimmed(whole);
        const std::size_t space = line.find_last_of(" \t");
        const auto given = space == std::string::npos
                               ? std::nullopt
                               : whole_number(std::string_view(line).substr(space + 1), number, file);
        const std::string name = given ? trimmed(std::string_view(line).substr(0, space)) : line;
        const auto [at, is_new] = seen.insert({name, number});
        require(is_new, "'{}' lists '{}' twice, in lines {} and {}", file.string(), name, at->second, number);
        listed.push_back({number, name, given});
    }
    require(!listed.empty(), "'{}' lists no file", file.string());
    return listed;
}
} // namespace detail

} // namespace walt
