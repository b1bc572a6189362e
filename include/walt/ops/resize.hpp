// Frames of another size, bilinear, by each of three conventions (docs/model.md 21.1), as networks of measures want
// them.
//   x [B, F, H, W, C] (T)   y [B, F, H', W', C] (T)
//   y[b, f, i, j] = the mean of x[b, f] at the two rows around row(i) and the two columns around column(j), each by its
//                   nearness
// Row i of y lies at row(i) of x: i H / H' (corners), (i + 1/2) H / H' - 1/2 (centres), i (H - 1) / (H' - 1) (ends);
// what lies beyond the first or the last row is that row. Nothing is averaged where frames shrink. Forward only: no
// gradient flows into the pixels of a measure. (Pictures of datasets are brought to a size by data/resize.hpp.)
#pragma once

#include "rules.hpp"

namespace walt {

/// Where the pixels of a resized frame lie.
enum class resizing {
    corners, ///< their upper left corners are the old one's: TensorFlow 1's bilinear
    centres, ///< their centres are (half-pixel): PyTorch's, align_corners=False
    ends     ///< the first and the last lie on the first and the last: align_corners=True
};

/// One axis.
struct resize_axis {
    std::int64_t from, to;
    double step, offset;

    constexpr resize_axis(resizing how, std::int64_t inputs, std::int64_t outputs)
        : from(inputs), to(outputs),
          step(how != resizing::ends ? static_cast<double>(inputs) / static_cast<double>(outputs)
               : outputs > 1         ? static_cast<double>(inputs - 1) / static_cast<double>(outputs - 1)
                                     : 0),
          offset(how == resizing::centres ? 0.5 : 0) {}
    /// Element o is (1 - share) of element `below` and share of element `above`.
    struct place {
        std::int64_t below, above;
        double share;
    };
    WALT_HD constexpr place at(std::int64_t o) const {
        const double source = (static_cast<double>(o) + offset) * step - offset, inside = source < 0 ? 0 : source;
        const auto whole = static_cast<std::int64_t>(inside);
        const std::int64_t below = whole < from ? whole : from - 1;
        return {below, below + 1 < from ? below + 1 : below, inside - static_cast<double>(below)};
    }
};

namespace ops {

template <class... T> void resize_on(rules::any_context, ...) {
    static_assert(rules::device_has<T...>, "this device does not resize (resize_on) operands of these types");
}
template <context Context, class X, class Y> void resize(Context& ctx, resizing how, X x, Y y) {
    if constexpr (rules::same_width<X, 4, Y, 4>) {
        rules::equal(x.extent(0), y.extent(0), "ops::resize: the videos of x and of y");
        rules::equal(x.extent(1), y.extent(1), "ops::resize: the frames of x and of y");
        require(y.size() == 0 || x.size() > 0, "ops::resize: frames of {} x {} cannot become {} x {}", x.extent(2),
                x.extent(3), y.extent(2), y.extent(3));
        resize_on(ctx, resize_axis(how, x.extent(2), y.extent(2)), resize_axis(how, x.extent(3), y.extent(3)), x.read(),
                  y);
    }
}

} // namespace ops
} // namespace walt
