// A file that a run writes a line at a time, step by step.
#pragma once

#include "../io/append_file.hpp"
#include "../io/atomic_file.hpp"

#include <charconv>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <system_error>

namespace walt {

/// Lines that begin with `before` and the number of their step, under a head. A run that is resumed at step `done`
/// keeps the lines up to it; what a run that died logged behind its last checkpoint is done, and logged, again. Each
/// line is written at once and whole; one that cannot be is a walt::error.
class step_lines {
  public:
    step_lines(const std::filesystem::path& file, const std::string& head, std::int64_t done,
               std::string_view before = "")
        : log_(prepared(file, head, done, before)) {}
    /// Without the end of the line.
    void add(const std::string& line) { log_.add(line + '\n'); }

  private:
    static const std::filesystem::path& prepared(const std::filesystem::path& file, const std::string& head,
                                                 std::int64_t done, std::string_view before) {
        if (file.has_parent_path()) std::filesystem::create_directories(file.parent_path());
        std::string kept = head + '\n', line;
        std::ifstream log(file);
        while (std::getline(log, line)) {
            std::int64_t step = 0;
            if (!line.starts_with(before)) continue;
            const auto read = std::from_chars(line.data() + before.size(), line.data() + line.size(), step);
            if (read.ec == std::errc{} && step <= done && !log.eof()) kept += line + '\n'; // a line without end is half
        }
        write_atomically(file, kept);
        return file;
    }
    append_file log_;
};

} // namespace walt
