// How far a tensor is from what it should be.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace walt::testing {

/// ||yours - right|| / max(||right||, floor), in double.
template <class T, class U> double relative_error(const T* yours, const std::vector<U>& right, double floor = 0) {
    double difference = 0, size = 0;
    for (std::size_t i = 0; i < right.size(); ++i) {
        const double expected = static_cast<double>(right[i]), distance = static_cast<double>(yours[i]) - expected;
        difference += distance * distance;
        size += expected * expected;
    }
    const double scale = std::max(std::sqrt(size), floor);
    return difference == 0 ? 0 : std::sqrt(difference) / scale;
}

} // namespace walt::testing
