// CPU: weights packed for products, kept while nobody writes them.
#pragma once

#include "context.hpp"
#include "product.hpp"

#include <cstdint>
#include <map>
#include <tuple>

namespace walt::cpu::inline WALT_INSTRUCTION_SET {

/// Those of one range of memory, while one lives; the context knows the one made last.
class resting_weights {
  public:
    static constexpr std::int64_t most_rows =
        2048; ///< of products to keep them for: packing is a hundredth of larger ones

    resting_weights(context& ctx, const void* begin, const void* end)
        : ctx_(ctx), before_(ctx.resting), begin_(begin), end_(end) {
        ctx.resting = this;
    }
    ~resting_weights() { ctx_.resting = before_; }
    resting_weights(const resting_weights&) = delete;
    resting_weights& operator=(const resting_weights&) = delete;

    bool holds(const void* weights) const { return begin_ <= weights && weights < end_; }
    /// A right operand [rows, columns], packed the first time.
    template <class T>
    detail::packed_panels packed(const T* from, std::int64_t rows, std::int64_t columns, bool transposed) {
        kept& one = kept_[{from, rows, columns, transposed}];
        if (!one.block) {
            one.panels = detail::packed_panels::of<T>(rows, columns);
            one.block = ctx_.allocate(one.panels.size() * sizeof(float));
            one.panels.data = reinterpret_cast<float*>(one.block.get());
            one.panels.pack(from, rows, transposed);
        }
        return one.panels;
    }

  private:
    struct kept {
        memory block;
        detail::packed_panels panels;
    };
    context& ctx_;
    resting_weights* before_;
    const void *begin_, *end_;
    std::map<std::tuple<const void*, std::int64_t, std::int64_t, bool>, kept> kept_;
};

template <class T> resting_weights rest_weights_on(context& ctx, const T* weights, std::size_t extent) {
    return {ctx, weights, weights + extent};
}

namespace detail {

/// A right operand [rows, columns] of a product with left_rows rows: packed now, in `scratch`, or before.
template <class T>
packed_panels packed(context& ctx, arena& scratch, const T* from, std::int64_t left_rows, std::int64_t rows,
                     std::int64_t columns, bool transposed) {
    if (ctx.resting && left_rows <= resting_weights::most_rows && ctx.resting->holds(from))
        return ctx.resting->packed(from, rows, columns, transposed);
    const packed_panels made = packed_panels::take<T>(scratch, rows, columns);
    made.pack(from, rows, transposed);
    return made;
}

} // namespace detail
} // namespace walt::cpu::inline WALT_INSTRUCTION_SET
