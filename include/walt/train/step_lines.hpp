// A file that a run writes a line at a time, step by step.
#pragma once

#include "../io/append_file.hpp"
#include "../io/atomic_file.hpp"
#include "../io/folders.hpp"
#include "../io/read_file.hpp"

#include <charconv>
#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace walt {

/// Lines that begin with `before` and the number of their step, under a head. A run that is resumed at step `done`
/// keeps the lines up to it; what a run that died logged behind its last checkpoint is done, and logged, again. Each
/// line is written at once and whole; one that cannot be is a walt::error, and so is a file that cannot be read, or one
/// of a table with other columns (`before` empty, and the head names them) whose lines would be kept.
class step_lines {
  public:
    step_lines(const std::filesystem::path& file, const std::string& head, std::int64_t done,
               std::string_view before = "")
        : log_(prepared(file, head, done, before)) {}
    /// Without the end of the line.
    void add(const std::string& line) { log_.add(line + '\n'); }
    /// The last step up to `done` that a file has a line of; 0: there is none.
    static std::int64_t last_in(const std::filesystem::path& file, std::int64_t done) {
        std::int64_t last = 0;
        each_line(file, done, "", [&](std::int64_t step, std::string_view, std::string_view) { last = step; });
        return last;
    }

  private:
    static const std::filesystem::path& prepared(const std::filesystem::path& file, const std::string& head,
                                                 std::int64_t done, std::string_view before) {
        if (file.has_parent_path()) make_folder(file.parent_path());
        std::string kept = head + '\n';
        each_line(file, done, before, [&](std::int64_t, std::string_view line, std::string_view first) {
            require(!before.empty() || first == head, "{} has the columns {}; this run's are {}: give it another file",
                    file.string(), first, head);
            kept.append(line) += '\n';
        });
        write_atomically(file, kept);
        return file;
    }
    /// Calls use(step, line, the file's first line) for the lines of steps up to `done`, where there is such a file.
    static void each_line(const std::filesystem::path& file, std::int64_t done, std::string_view before, auto&& use) {
        if (!is_there(file)) return;
        const std::vector<std::byte> bytes = read_file(file);
        std::string_view rest(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        const std::string_view first = rest.substr(0, rest.find_first_of("\r\n"));
        for (std::size_t end = 0; (end = rest.find('\n')) != rest.npos; rest.remove_prefix(end + 1)) {
            const std::string_view line = rest.substr(0, end); // what follows the last end of a line is half
            std::int64_t step = 0;
            if (!line.starts_with(before)) continue;
            const auto read = std::from_chars(line.data() + before.size(), line.data() + line.size(), step);
            if (read.ec == std::errc{} && step <= done) use(step, line, first);
        }
    }
    append_file log_;
};

} // namespace walt
