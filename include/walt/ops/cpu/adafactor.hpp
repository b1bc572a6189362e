// CPU: Adafactor, a tensor a thread: a model has many more tensors than a processor cores, and the large ones are
// alike.
#pragma once

#include "../reference/adafactor.hpp"
#include "context.hpp"

#include <algorithm>
#include <cmath>

namespace walt::cpu::inline WALT_INSTRUCTION_SET {

template <class T, class Tensors>
void adafactor_on(context&, const adafactor_update& with, Tensors tensors, const ops::adafactor_extents&,
                  view<const float, 1> scale, view<float, dynamic> masters, view<float, dynamic> gradient,
                  view<float, dynamic> second, view<float, dynamic> row, view<float, dynamic> column,
                  view<float, dynamic> mean, view<T, dynamic> copy) {
    if (std::isnan(scale(0))) return;
    const std::int64_t cost = 8 * gradient.size() / std::max<std::int64_t>(1, tensors.size());
    parallel(tensors.size(), cost, [&](std::int64_t n) {
        reference::adafactor_tensor_on(with, tensors, n, scale(0), masters, gradient, second, row, column, mean, copy);
    });
}

} // namespace walt::cpu::inline WALT_INSTRUCTION_SET
