// A context that knows what was allocated beside its arena.
#pragma once

#include "buffer.hpp"

#include <algorithm>
#include <cstddef>
#include <memory>

namespace walt {

/// Bytes that are allocated now, and most at once.
template <class Context> struct counting_context : Context {
    struct count {
        std::size_t now = 0, most = 0;
    };
    using Context::Context;

    memory allocate(std::size_t size) {
        const memory block = Context::allocate(size);
        allocated->now += size;
        allocated->most = std::max(allocated->most, allocated->now);
        return memory(block.get(), [block, size, of = allocated](std::byte*) { of->now -= size; });
    }
    std::shared_ptr<count> allocated = std::make_shared<count>();
};

} // namespace walt
