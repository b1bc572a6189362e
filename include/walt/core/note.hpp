// What a user should know, and for which nothing needs to stop.
#pragma once

#include "error.hpp"

#include <cstdio>

namespace walt::detail {

/// A line on stderr, "walt: " and the sentence. Where stderr cannot be written (a log on a disk that is full, a
/// terminal that was closed) nothing is said, and the work goes on. (A pipe that nobody reads any more ends the
/// program, as ever: SIGPIPE.)
template <class... Part> void note(sentence<Part...> with, const Part&... part) {
    std::fputs(("walt: " + written(with.text, {part...}) + '\n').c_str(), stderr);
}

} // namespace walt::detail
