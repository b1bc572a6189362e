// Blur and halve: [1, 2, 1] / 4 with stride 2 along time, height and width, the element at the edge repeated beyond it
// (docs/model.md 11). Each channel by itself.
//   x [B, F, H, W, C] -> y [B, F', H', W', C], n -> n' = (n + 1) / 2; an axis of one element stays as it is
#pragma once

#include "../core/video.hpp"
#include "rules.hpp"

namespace walt {

/// One axis of n elements: place i of its n' is made of elements 2 i - 1, 2 i and 2 i + 1, as far as there are any.
struct blur_axis {
    std::int64_t extent = 1;

    WALT_HD constexpr std::int64_t places() const { return (extent + 1) / 2; }
    /// The share of element j in place i.
    WALT_HD constexpr float share(std::int64_t j, std::int64_t i) const {
        const std::int64_t middle = 2 * i, before = middle > 0 ? middle - 1 : 0,
                           after = middle + 1 < extent ? middle + 1 : extent - 1;
        return (j == before ? 0.25f : 0.0f) + (j == middle ? 0.5f : 0.0f) + (j == after ? 0.25f : 0.0f);
    }
    struct range {
        std::int64_t first, last;
    };
    /// The elements of place i, and the places of element j.
    WALT_HD constexpr range elements(std::int64_t i) const {
        return {2 * i > 0 ? 2 * i - 1 : 0, 2 * i + 1 < extent ? 2 * i + 1 : extent - 1};
    }
    WALT_HD constexpr range places_of(std::int64_t j) const {
        return {j / 2, (j + 1) / 2 < places() ? (j + 1) / 2 : places() - 1};
    }
};

/// The three axes of x.
struct blur_axes {
    blur_axis time, height, width;

    explicit constexpr blur_axes(const video_size& x) : time{x.frames}, height{x.height}, width{x.width} {}
    constexpr video_size after(const video_size& x) const {
        return {x.batch, time.places(), height.places(), width.places()};
    }
    /// Calls use(position in x, share) for all that y's position is made of; positions count (b, f, h, w).
    template <class Use> WALT_HD void each_element(std::int64_t position, Use&& use) const {
        const std::int64_t w = position % width.places(), row = position / width.places(), h = row % height.places(),
                           frame = row / height.places(), f = frame % time.places(), b = frame / time.places();
        const auto t = time.elements(f), r = height.elements(h), c = width.elements(w);
        for (std::int64_t i = t.first; i <= t.last; ++i)
            for (std::int64_t j = r.first; j <= r.last; ++j)
                for (std::int64_t k = c.first; k <= c.last; ++k)
                    use(((b * time.extent + i) * height.extent + j) * width.extent + k,
                        time.share(i, f) * height.share(j, h) * width.share(k, w));
    }
    /// The other way round: use(position in y, share) for all that x's position is a part of.
    template <class Use> WALT_HD void each_place(std::int64_t position, Use&& use) const {
        const std::int64_t w = position % width.extent, row = position / width.extent, h = row % height.extent,
                           frame = row / height.extent, f = frame % time.extent, b = frame / time.extent;
        const auto t = time.places_of(f), r = height.places_of(h), c = width.places_of(w);
        for (std::int64_t i = t.first; i <= t.last; ++i)
            for (std::int64_t j = r.first; j <= r.last; ++j)
                for (std::int64_t k = c.first; k <= c.last; ++k)
                    use(((b * time.places() + i) * height.places() + j) * width.places() + k,
                        time.share(f, i) * height.share(h, j) * width.share(w, k));
    }
    template <bool Back, class Use> WALT_HD void each_part(std::int64_t position, Use&& use) const {
        if constexpr (Back) each_place(position, use);
        else each_element(position, use);
    }
};

namespace rules {
template <class X, class Y> void blur_sizes(const X& x, const Y& y, const char* op) {
    const video_size from = size_of(x), to = size_of(y), right = blur_axes(from).after(from);
    require(to == right,
            "{}: {} videos of {} frames of {} x {} become {} of {} frames of {} x {}, not {} of {} of {} x {}", op,
            from.batch, from.frames, from.height, from.width, right.batch, right.frames, right.height, right.width,
            to.batch, to.frames, to.height, to.width);
}
} // namespace rules

namespace ops {

template <class... T> void blur_on(rules::any_context, ...) {
    static_assert(rules::device_has<T...>, "this device does not blur (blur_on) operands of these types");
}
/// y as above, in y's element type.
template <context Context, class X, class Y> void blur(Context& ctx, X x, Y y) {
    if constexpr (rules::same_width<X, 4, Y, 4>) {
        rules::blur_sizes(x, y, "ops::blur");
        blur_on(ctx, x.read(), y);
    }
}

template <class... T> void blur_grad_on(rules::any_context, ...) {
    static_assert(rules::device_has<T...>,
                  "this device has no gradient of the blur (blur_grad_on) for operands of these types");
}
/// dx = the gradient of <blur(x), dy>: every element gets its shares of the places that it is a part of.
template <context Context, class DY, class DX> void blur_grad(Context& ctx, DY dy, DX dx) {
    if constexpr (rules::same_width<DX, 4, DY, 4>) {
        rules::blur_sizes(dx, dy, "ops::blur_grad");
        blur_grad_on(ctx, dy.read(), dx);
    }
}

} // namespace ops
} // namespace walt
