// What the tests of ops share: operands that every element type can hold, and results as numbers or as bytes.
#pragma once

#include <walt/core/dtype.hpp>
#include <walt/ops/rules.hpp>
#include <walt/testing/gradient_check.hpp>

#include <vector>

/// Normals that bf16 can hold, so that every element type gets the same numbers.
template <class V> V normals(const V& values, std::uint64_t stream, double scale = 1, double shift = 0) {
    if constexpr (!walt::is_none<V>) {
        walt::testing::fill_normal(values, stream, scale, shift);
        for (std::int64_t i = 0; i < values.size(); ++i) {
            auto& value = values.data()[i];
            value = static_cast<typename V::element>(static_cast<float>(walt::bf16(static_cast<float>(value))));
        }
    }
    return values;
}

template <class V> std::vector<double> doubles(const V& from) {
    std::vector<double> all(static_cast<std::size_t>(from.size()));
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<double>(from.data()[i]);
    return all;
}

template <class V> std::vector<unsigned char> bytes(const V& from) {
    const auto* first = reinterpret_cast<const unsigned char*>(from.data());
    return {first, first + static_cast<std::size_t>(from.size()) * sizeof(*from.data())};
}
