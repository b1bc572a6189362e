// What all programs here have in common: options that are taken as typed, and an end that says what went wrong.
#pragma once

#include <walt/core/error.hpp>
#include <walt/io/output_names.hpp>

#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace examples {

/// Options of a program. Numbers are decimal and finite, and the whole of what was typed: CLI11 alone would take 010 as
/// 8, and -1 as 18446744073709551615 where only 0 and more can be. A text in brackets is that text, not a list. Where
/// standard output could not be written the program ends with a sentence and status 1.
class program : public CLI::App {
  public:
    explicit program(const std::string& what) : CLI::App(what) {
        option_defaults()->always_capture_default();
        std::atexit([] {
            if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return;
            std::fputs("standard output could not be written\n", stderr);
            std::_Exit(1);
        });
    }
    /// What CLI11_PARSE calls, once all options are there.
    void parse(int count, const char* const* arguments) {
        for (CLI::Option* option : get_options()) {
            const std::string type = option->get_type_name();
            if (type.starts_with("INT")) option->transform(number<std::int64_t>("a whole number"));
            if (type.starts_with("UINT")) option->transform(number<std::uint64_t>("a whole number, 0 or more"));
            if (type.starts_with("FLOAT")) option->transform(number<double>("a number"));
            option->transform({[](std::string& text) {
                                   if (text.starts_with(bracket)) text.erase(0, 1);
                                   return std::string();
                               },
                               ""});
        }
        std::vector<std::string> typed; // from the last to the first, as CLI11 wants it
        for (int i = count - 1; i > 0; --i) {
            const std::string_view text = arguments[i];
            typed.push_back((text.starts_with('[') ? std::string(1, bracket) : "") + std::string(text));
        }
        name(arguments[0]);
        CLI::App::parse(std::move(typed));
    }

  private:
    static constexpr char bracket = '\x1e'; // stands before a bracket until CLI11 has passed it

    template <class Number> static CLI::Validator number(const char* kind) {
        return {[kind](std::string& text) -> std::string {
                    Number value{};
                    const char* const digits = text.data() + (text.starts_with('+') ? 1 : 0);
                    const auto read = std::from_chars(digits, text.data() + text.size(), value);
                    const bool whole = read.ec == std::errc{} && read.ptr == text.data() + text.size();
                    if (!whole || !std::isfinite(static_cast<double>(value)))
                        return fmt::format("'{}' is not {}, or too large for one", text, kind);
                    if constexpr (std::is_integral_v<Number>)
                        text = fmt::format("{}", value); // without zeros before it
                    return {};
                },
                ""};
    }
};

/// Tries, before any work, whether a file can be written where it is to be.
inline void make_writable_for(const std::filesystem::path& file) {
    walt::make_writable(file.has_parent_path() ? file.parent_path() : ".");
}

/// Says what went wrong; the program's status.
inline int failed(const std::exception& problem) {
    const bool memory = dynamic_cast<const std::bad_alloc*>(&problem) != nullptr ||
                        dynamic_cast<const std::length_error*>(&problem) != nullptr;
    fmt::print(stderr, "{}\n",
               memory
                   ? "there is not enough memory for what was asked: fewer at once, such as a smaller batch, need less"
                   : problem.what());
    return 1;
}

} // namespace examples
