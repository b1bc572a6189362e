// The operands of a test, made in host memory, moved to a device for as long as something runs there.
#pragma once

#include "../core/buffer.hpp"
#include "../ops/rules.hpp"

#include <array>
#include <utility>
#include <vector>

namespace walt::testing {

/// A view's shape over other memory.
template <class T, int... Extent> view<T, Extent...> same_shape(const view<T, Extent...>& shape, T* data) {
    std::array<std::int64_t, view<T, Extent...>::rank_dynamic + 1> counts{};
    for (int axis = 0, next = 0; axis < shape.rank; ++axis)
        if (shape.static_extent(axis) == dynamic) counts[static_cast<std::size_t>(next++)] = shape.extent(axis);
    return [&]<std::size_t... At>(std::index_sequence<At...>) { return view<T, Extent...>(data, counts[At]...); }
    (std::make_index_sequence<view<T, Extent...>::rank_dynamic>{});
}

/// Calls use(operands) with all views of `operands` on the context's device and brings them back. `operands` names its
/// views to a visitor: `void each(auto&& visit) { visit(x); visit(dx); }`.
template <class Context, class Operands, class Use> void on_device(Context& ctx, Operands& operands, Use&& use) {
    std::vector<memory> kept;
    std::vector<const void*> host;
    const auto pointer_to = []<class View>(const View&, const void* at) {
        return static_cast<typename View::element*>(const_cast<void*>(at));
    };
    operands.each([&]<class View>(View& v) {
        if constexpr (!is_none<View>) {
            const std::size_t bytes = static_cast<std::size_t>(v.size()) * sizeof(typename View::element);
            host.push_back(v.data());
            kept.push_back(ctx.allocate(bytes));
            ctx.upload(kept.back().get(), v.data(), bytes);
            v = same_shape(v, pointer_to(v, kept.back().get()));
        }
    });
    use(operands);
    std::size_t next = 0;
    operands.each([&]<class View>(View& v) {
        if constexpr (!is_none<View>) {
            const View back = same_shape(v, pointer_to(v, host[next++]));
            ctx.download(const_cast<std::remove_const_t<typename View::element>*>(back.data()), v.data(),
                         static_cast<std::size_t>(v.size()) * sizeof(typename View::element));
            v = back;
        }
    });
}

} // namespace walt::testing
