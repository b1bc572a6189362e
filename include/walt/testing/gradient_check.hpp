// The gradient check: central differences against an analytic gradient. Public, for anybody's op or module.
#pragma once

#include "../core/error.hpp"
#include "../core/philox.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace walt::testing {

/// Where an analytic gradient is furthest from central differences. `worst` is |analytic - numeric| over the larger of
/// the two, or over 1e-3 of the gradient's largest element if both are smaller (an element that is zero has no relative
/// error).
struct gradient_error {
    double worst = 0;
    std::size_t position = 0; ///< of the worst element, in the flat buffer
    double analytic = 0, numeric = 0;
    std::size_t checked = 0; ///< elements that were perturbed
};

/// Perturbs `values` (host memory, count elements; restored afterwards) one at a time and compares
/// (f(v + step) - f(v - step)) / 2 step with `analytic`. f() computes <y, dy> by a forward pass that reads `values`.
/// samples: how many positions, chosen by a fixed seed; 0 checks all of them. Meant for double.
template <class A, class Function>
gradient_error check_gradient(A* values, const A* analytic, std::size_t count, Function&& f, std::size_t samples = 0,
                              double step = 1e-5) {
    std::vector<std::size_t> positions;
    if (samples == 0 || samples >= count)
        for (std::size_t i = 0; i < count; ++i) positions.push_back(i);
    else
        for (std::size_t i = 0; i < samples; ++i)
            positions.push_back(philox{1, 0}.below(i, static_cast<std::uint32_t>(count)));

    double largest = 0;
    for (std::size_t i = 0; i < count; ++i) largest = std::max(largest, std::abs(static_cast<double>(analytic[i])));
    gradient_error result;
    for (const std::size_t i : positions) {
        const A before = values[i];
        values[i] = static_cast<A>(static_cast<double>(before) + step);
        const double up = f();
        values[i] = static_cast<A>(static_cast<double>(before) - step);
        const double down = f();
        values[i] = before;
        const double numeric = (up - down) / (2 * step), exact = static_cast<double>(analytic[i]);
        const double scale = std::max({std::abs(numeric), std::abs(exact), 1e-3 * largest, 1e-12});
        const double relative = std::abs(numeric - exact) / scale;
        if (!(relative <= result.worst) && !std::isnan(result.worst)) // what is not a number is worst of all
            result = {relative, i, exact, numeric, result.checked};
        ++result.checked;
    }
    return result;
}

/// The same for anything with data() and size(): a buffer or a vector of values, and its gradient.
template <class Values, class Gradient, class Function>
gradient_error check_gradient(Values& values, const Gradient& analytic, Function&& f, std::size_t samples = 0,
                              double step = 1e-5) {
    const auto count = static_cast<std::size_t>(values.size());
    require(count == static_cast<std::size_t>(analytic.size()), "check_gradient: {} values and a gradient of {}", count,
            analytic.size());
    using A = std::remove_reference_t<decltype(*analytic.data())>;
    return check_gradient(values.data(), static_cast<const A*>(analytic.data()), count, f, samples, step);
}

/// <y, dy> of two views or buffers of one size, in double: the function whose gradient backward computes.
template <class Y, class DY> double inner_product(const Y& y, const DY& dy) {
    double sum = 0;
    for (std::size_t i = 0; i < static_cast<std::size_t>(y.size()); ++i)
        sum += static_cast<double>(y.data()[i]) * static_cast<double>(dy.data()[i]);
    return sum;
}

/// Standard normals times `scale` plus `shift`, a pure function of (seed, stream).
template <class Values> void fill_normal(Values&& values, std::uint64_t stream, double scale = 1, double shift = 0) {
    using T = std::remove_reference_t<decltype(*values.data())>;
    const philox numbers{1, stream};
    for (std::size_t i = 0; i < static_cast<std::size_t>(values.size()); ++i)
        values.data()[i] = static_cast<T>(scale * static_cast<double>(numbers.normal(i)) + shift);
}

} // namespace walt::testing
