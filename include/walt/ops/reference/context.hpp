// The reference device: plain loops in one thread, float or double. It is the specification that others are held to.
#pragma once

#include "../../core/buffer.hpp"
#include "../../core/instruction_set.hpp"

#include <cstring>

namespace walt::reference::inline WALT_INSTRUCTION_SET {

/// Runs every op of walt as plain loops on the host; accumulates in float, or in double for double elements.
struct context {
    static constexpr bool has_data = true; ///< tensors hold numbers (they do not on `meta`)
    static constexpr const char* name = "reference";

    walt::arena arena{allocate_host};

    memory allocate(std::size_t bytes) { return allocate_host(bytes); }
    /// Copies from host memory to this device's.
    void upload(void* device, const void* host, std::size_t bytes) {
        if (bytes > 0) std::memcpy(device, host, bytes); // an empty vector has no address
    }
    /// Copies from this device's memory to the host's; what was queued before is done when it returns.
    void download(void* host, const void* device, std::size_t bytes) {
        if (bytes > 0) std::memcpy(host, device, bytes);
    }
};

} // namespace walt::reference::inline WALT_INSTRUCTION_SET
