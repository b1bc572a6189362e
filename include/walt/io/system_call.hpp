// Calls of the system that signals interrupt.
#pragma once

#include <cerrno>

namespace walt::detail {

/// What call() returns, which is made again for as long as a signal interrupts it; negative, and errno, where it fails.
/// Not for close: Linux has closed the file when that is interrupted.
template <class Call> auto uninterrupted(Call&& call) {
    for (;;)
        if (const auto result = call(); result >= 0 || errno != EINTR) return result;
}

} // namespace walt::detail
