// CPU: an axis without the taps of its kernel that see nothing but zeros. One frame under causal padding has two of
// three such taps: what is left is a convolution of the image. oneDNN multiplies by those zeros, in its slowest loops.
#pragma once

#include "../../core/instruction_set.hpp"
#include "../conv_geometry.hpp"

#include <algorithm>
#include <cstdint>

namespace walt::cpu::inline WALT_INSTRUCTION_SET::detail {

/// The axis with the taps from the first that sees an element at one of its places to the last that does; with all if
/// none does. Its padding of zeros before gets shorter by as many as are left out in front. A kernel of one place that
/// sees the axis to its end makes no step: its stride is 1, for which there are more fast loops.
inline conv_axis seen_taps(const conv_axis& axis, std::int64_t extent, std::int64_t places) {
    int first = axis.kernel, last = -1;
    for (int tap = 0; tap < axis.kernel; ++tap) {
        const std::int64_t before = std::max(0, axis.before - tap);
        const std::int64_t place = (before + axis.stride - 1) / axis.stride; // the first that is not before the axis
        if (place >= places || place * axis.stride + tap - axis.before >= extent) continue;
        first = std::min(first, tap);
        last = tap;
    }
    if (last < 0) return axis;
    conv_axis seen{last - first + 1, axis.stride, axis.before - first, axis.after, axis.edge};
    const std::int64_t over = (places - 1) * axis.stride + seen.kernel - seen.before - extent; // needed behind the axis
    if (places == 1 && over >= 0) seen.stride = 1;
    if (!(seen == axis)) seen.after = static_cast<int>(std::max<std::int64_t>(0, over));
    return seen;
}

} // namespace walt::cpu::inline WALT_INSTRUCTION_SET::detail
