// How far a network's gradients are from what they should be, tensor by tensor.
#pragma once

#include <walt/core/parameter_table.hpp>
#include <walt/testing/relative_error.hpp>

#include <algorithm>
#include <cmath>
#include <vector>

namespace walt::testing {

/// Relative errors of the trainable parameters' gradients, with the golden files' floor: 1e-3 of all together.
struct tensor_errors {
    double worst = 0, mean = 0;
};
template <class Network, class A, class B>
tensor_errors errors_of(const std::vector<A>& yours, const std::vector<B>& right) {
    double squares = 0, count = 0;
    for (const B x : right) squares += static_cast<double>(x) * static_cast<double>(x);
    tensor_errors found;
    for (const parameter_row& row : parameter_table<Network>()) {
        if (!row.trainable()) continue;
        const auto begin = right.begin() + static_cast<std::ptrdiff_t>(row.offset);
        const double error = relative_error(yours.data() + row.offset,
                                            std::vector<B>(begin, begin + static_cast<std::ptrdiff_t>(row.size)),
                                            1e-3 * std::sqrt(squares));
        found.worst = std::isnan(error) ? error : std::max(found.worst, error);
        found.mean += error;
        ++count;
    }
    found.mean /= count;
    return found;
}

} // namespace walt::testing
