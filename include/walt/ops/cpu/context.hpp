// The CPU device: oneDNN for products and convolutions, vector loops on all cores for the rest; float and bf16.
#pragma once

#include "../reference/context.hpp"
#include "onednn.hpp"
#include "parallel.hpp"

namespace walt::cpu::inline WALT_INSTRUCTION_SET {

/// The fast CPU device. It inherits the reference's ops and overrides all that cost time.
struct context : reference::context {
    static constexpr const char* name = "cpu";
    onednn library;
};

} // namespace walt::cpu::inline WALT_INSTRUCTION_SET
