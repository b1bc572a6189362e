// Weights that nobody writes for a while, as in sampling: a device may keep what it makes of them.
#pragma once

#include "rules.hpp"

#include "../core/weights.hpp"

#include <cstddef>

namespace walt::ops {

/// While what this returns lives, nobody writes the `extent` numbers that w computes with. The cpu device packs weights
/// of products of up to 2048 rows once in that time, which takes as much memory again as those weights. Weights that
/// come block by block from a store do not rest.
template <context Context, class T> auto rest_weights(Context& ctx, const weights<T>& w, std::size_t extent) {
    if constexpr (requires { rest_weights_on(ctx, w.compute, extent); })
        return rest_weights_on(ctx, w.store ? nullptr : w.compute, w.store ? 0 : extent);
    else return none{};
}

} // namespace walt::ops
