// What a device must offer beside its ops: memory of its own, an arena in it, and copies to and from the host.
#pragma once

#include "buffer.hpp"

#include <concepts>
#include <cstddef>
#include <string_view>

namespace walt {

/// A device: reference::context, cpu::context, cuda::context, meta::context, or a user's own. Its ops are functions
/// `linear_on(ctx, ...)` beside its type, which the fronts in ops/ find by the type of ctx. One thread at a time uses a
/// context and what lies in its arena.
template <class C>
concept context = requires(C& ctx, void* to, const void* from, std::size_t bytes) {
    { C::has_data } -> std::convertible_to<bool>; ///< false where tensors have sizes only (meta)
    { C::name } -> std::convertible_to<std::string_view>;
    { ctx.arena } -> std::same_as<arena&>;                  ///< temporaries of a pass
    { ctx.allocate(bytes) } -> std::convertible_to<memory>; ///< zeroed, for as long as somebody owns it
    ctx.upload(to, from, bytes);   ///< host to device; the host's may be changed when it returns
    ctx.download(to, from, bytes); ///< device to host; all that was queued before is done when it returns
};

} // namespace walt
