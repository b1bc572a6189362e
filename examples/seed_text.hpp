// What a command line says as a seed. CLI11 alone takes -1 and 99999999999999999999 as the largest seed, and 010 as 8.
#pragma once

#include <CLI/CLI.hpp>

#include <charconv>
#include <cstdint>
#include <string>

/// app.add_option("--seed", seed)->transform(seed_text()): digits, of a number that a seed can be.
inline CLI::Validator seed_text() {
    return CLI::Validator(
        [](std::string& text) {
            std::uint64_t seed = 0;
            const char *begin = text.data(), *end = begin + text.size();
            const std::from_chars_result read = std::from_chars(begin, end, seed);
            if (read.ec != std::errc{} || read.ptr != end) return text + " is no number of 0 to 18446744073709551615";
            text = std::to_string(seed);
            return std::string();
        },
        "0 to 2^64 - 1");
}
