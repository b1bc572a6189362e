// The CPU device: oneDNN for products and convolutions, OpenMP and vector loops for the rest; float and bf16.
#pragma once

#include "../reference/context.hpp"
#include "onednn.hpp"

#include <omp.h>

namespace walt::cpu::inline WALT_INSTRUCTION_SET {

/// The fast CPU device. It inherits the reference's ops and overrides all that cost time.
struct context : reference::context {
    static constexpr const char* name = "cpu";
    onednn library;
};

/// Calls body(i) for i in [0, count) on all cores, in contiguous shares.
template <class Body> void parallel(std::int64_t count, Body&& body) {
#pragma omp parallel for schedule(static) if (count > 1)
    for (std::int64_t i = 0; i < count; ++i) body(i);
}

/// Calls body(first, last) for pieces of [0, count) of at most `piece` elements, on all cores.
template <class Body> void parallel_pieces(std::int64_t count, std::int64_t piece, Body&& body) {
    parallel((count + piece - 1) / piece, [&](std::int64_t i) { body(i * piece, std::min(count, (i + 1) * piece)); });
}

} // namespace walt::cpu::inline WALT_INSTRUCTION_SET
