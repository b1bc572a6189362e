// CUDA: starting values are drawn where they are needed.
#pragma once

#include "../../core/start.hpp"
#include "elementwise.cuh"

namespace walt::cuda {

namespace detail {
template <class T> struct start_value {
    start_rule rule;
    T* values;
    __device__ void operator()(std::int64_t i) const {
        const double value = rule(static_cast<std::uint64_t>(i));
        values[i] =
            static_cast<T>(static_cast<accumulate_t<T>>(value)); // rounded twice, as masters and their copies are
    }
};
} // namespace detail

template <class T> void context::start(const start_rule& rule, view<T, dynamic> values) {
    each(*this, "starting values", values.size(), detail::start_value<T>{rule, values.data()});
}

} // namespace walt::cuda
