// Reference: the pixel loss.
#pragma once

#include "../reconstruction.hpp"
#include "context.hpp"

#include <algorithm>
#include <cmath>

namespace walt::reference::inline WALT_INSTRUCTION_SET {

template <class X, class Y, class Loss, class DX>
void reconstruction_error_on(context&, X x, Y y, double absolute, Loss loss, DX dx) {
    using A = typename DX::element;
    const double share = 1.0 / static_cast<double>(std::max<std::int64_t>(1, x.size()));
    double sum = 0;
    for (std::int64_t i = 0; i < x.size(); ++i) {
        const double difference = static_cast<double>(x.data()[i]) - static_cast<double>(y.data()[i]);
        const double sign = difference > 0 ? 1 : (difference < 0 ? -1 : 0);
        sum += difference * difference + absolute * std::abs(difference);
        dx.data()[i] = static_cast<A>(share * (2 * difference + absolute * sign));
    }
    loss(0) = static_cast<typename Loss::element>(share * sum);
}

} // namespace walt::reference::inline WALT_INSTRUCTION_SET
