// Meta: what an update of Adafactor costs.
#pragma once

#include "../adafactor.hpp"
#include "context.hpp"

namespace walt::meta {

template <class A, class T, class Tensors>
void adafactor_on(context& ctx, const adafactor_update&, Tensors tensors, const ops::adafactor_extents&,
                  view<const A, 1>, view<A, dynamic>, view<A, dynamic> g, view<A, dynamic> second, view<A, dynamic> row,
                  view<A, dynamic> column, view<A, dynamic> mean, view<T, dynamic>) {
    const view<T, dynamic> rounded(nullptr, std::is_same_v<A, T> ? 0 : g.size());
    ctx.count(0, tensors, g, g, g, g, second, second, row, row, column, column, mean, mean, rounded);
}

} // namespace walt::meta
