// A table that a run writes a line at a time, step by step.
#pragma once

#include "../io/atomic_file.hpp"

#include <charconv>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <system_error>

namespace walt {

/// Lines that begin with the number of their step, under a head of names. A run that is resumed at step `done` keeps
/// the lines up to it; what a run that died logged behind its last checkpoint is done, and logged, again.
class csv_file {
  public:
    csv_file(const std::filesystem::path& file, const std::string& head, std::int64_t done) {
        if (file.has_parent_path()) std::filesystem::create_directories(file.parent_path());
        write_atomically(file, lines_until(file, head, done));
        log_.reset(std::fopen(file.c_str(), "a"));
        require(log_ != nullptr, "{} cannot be opened for writing", file.string());
    }
    /// Without the end of the line.
    void add(const std::string& line) {
        std::fputs((line + '\n').c_str(), log_.get());
        std::fflush(log_.get());
    }

  private:
    static std::string lines_until(const std::filesystem::path& file, const std::string& head, std::int64_t done) {
        std::string kept = head + '\n', line;
        std::ifstream log(file);
        while (std::getline(log, line)) {
            std::int64_t step = 0;
            const auto read = std::from_chars(line.data(), line.data() + line.size(), step);
            if (read.ec == std::errc{} && step <= done) kept += line + '\n';
        }
        return kept;
    }
    struct closes {
        void operator()(std::FILE* file) const { std::fclose(file); }
    };
    std::unique_ptr<std::FILE, closes> log_;
};

} // namespace walt
