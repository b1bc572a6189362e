// What an op's front checks before it hands over to a device: extents that must agree, operands that may be left out,
// gradients that nobody wants, and that the device has the op at all.
#pragma once

#include "../core/context.hpp"
#include "../core/dtype.hpp"
#include "../core/none.hpp"
#include "../core/video.hpp"
#include "../core/view.hpp"

namespace walt {

namespace rules {

/// Two extents that must be equal, as far as the compiler knows them.
template <int Left, int Right> constexpr bool extents_agree() {
    constexpr bool holds = Left == Right || Left == dynamic || Right == dynamic;
    static_assert(holds, "two extents of this op's operands must be equal and are not");
    return holds;
}
/// An axis that an operand must have.
template <int Rank, int Axis> constexpr bool operand_has_axis() {
    constexpr bool holds = Axis < Rank;
    static_assert(holds, "an operand of this op has fewer axes than the op's contract says");
    return holds;
}
/// Widths, which loops and kernels are compiled for.
template <int Extent> constexpr bool extent_is_static() {
    constexpr bool holds = Extent != dynamic;
    static_assert(holds, "this extent of an op's operand must be known when the program compiles");
    return holds;
}
/// Head size that attention works on.
template <int Width, int Heads> constexpr bool heads_divide_width() {
    constexpr bool holds = Heads > 0 && Width % (Heads > 0 ? Heads : 1) == 0;
    static_assert(holds, "the number of heads must divide the width (hidden % heads == 0)");
    return holds;
}

namespace detail {
template <class Operand, int Axis> constexpr int extent_in_type() {
    if constexpr (operand_has_axis<Operand::rank, Axis>()) return Operand::static_extent(Axis);
    else return dynamic;
}
template <class Left, int LeftAxis, class Right, int RightAxis> constexpr bool agree() {
    if constexpr (is_none<Left> || is_none<Right>) return true;
    else return extents_agree<extent_in_type<Left, LeftAxis>(), extent_in_type<Right, RightAxis>()>();
}
template <class Operand, int Axis, int Extent> constexpr bool is() {
    if constexpr (is_none<Operand>) return true;
    else return extents_agree<extent_in_type<Operand, Axis>(), Extent>();
}
template <class Operand, int Axis> constexpr bool known() {
    if constexpr (is_none<Operand>) return true;
    else return extent_is_static<extent_in_type<Operand, Axis>()>();
}
} // namespace detail

/// LeftAxis of Left and RightAxis of Right agree at compile time, or will be compared at run time. Here and below an
/// operand that is none{} agrees with everything.
template <class Left, int LeftAxis, class Right, int RightAxis>
inline constexpr bool agree = detail::agree<Left, LeftAxis, Right, RightAxis>();
/// Axis of an operand is Extent, or will be compared at run time.
template <class Operand, int Axis, int Extent> inline constexpr bool is = detail::is<Operand, Axis, Extent>();
/// Axis of an operand is known at compile time.
template <class Operand, int Axis> inline constexpr bool known = detail::known<Operand, Axis>();
/// Both: a width.
template <class Left, int LeftAxis, class Right, int RightAxis>
inline constexpr bool same_width =
    known<Left, LeftAxis>&& known<Right, RightAxis>&& agree<Left, LeftAxis, Right, RightAxis>;
template <class Operand, int Axis, int Extent>
inline constexpr bool width_is = known<Operand, Axis>&& is<Operand, Axis, Extent>;

/// At run time: `what` names the op and the two extents in the message.
inline void equal(std::int64_t left, std::int64_t right, const char* what) {
    require(left == right, "{} must be equal; they are {} and {}", what, left, right);
}
/// The sizes of two operands, unless one is left out.
template <class Left, class Right> void equal_sizes(const Left& left, const Right& right, const char* what) {
    if constexpr (!is_none<Left> && !is_none<Right>) equal(left.size(), right.size(), what);
}
/// Their outermost extents, unless one is left out.
template <class Left, class Right> void equal_rows(const Left& left, const Right& right, const char* what) {
    if constexpr (!is_none<Left> && !is_none<Right>) equal(left.extent(0), right.extent(0), what);
}
/// A size that is made of whole frames.
inline void whole_frames(std::int64_t frames, std::int64_t size, const char* what) {
    require(frames > 0 ? size % frames == 0 : size == 0, "{} must divide; they are {} and {}", what, frames, size);
}

/// Two operands [B, F, H, W, C] of one shape, called x_name and y_name in the message.
inline void equal_videos(const video_size& x, const video_size& y, const char* op, const char* x_name,
                         const char* y_name) {
    require(x == y,
            "{}: {} and {} must have one shape (batch, frames, height, width); they are {} x {} x {} x {} and "
            "{} x {} x {} x {}",
            op, x_name, y_name, x.batch, x.frames, x.height, x.width, y.batch, y.frames, y.height, y.width);
}
template <class X, class Y>
void equal_videos(const X& x, const Y& y, const char* op, const char* x_name, const char* y_name) {
    equal_videos(size_of(x), size_of(y), op, x_name, y_name);
}

/// Takes any context, but every overload that names one is better. A front declares `op_on(any_context, ...)` beside
/// its call of op_on: the compiler takes it only where a device has nothing for these operands, and it says so in a
/// sentence.
struct any_context {
    template <class Context> any_context(Context&) {}
};
template <class...> inline constexpr bool device_has = false; ///< depends on its types, so it speaks only when taken

/// Whether a gradient is to be computed. It is not where its operand is none{} or an empty view, which is what a run
/// gives for a parameter that it does not train. (On meta all views are empty; there only none{} says no.)
template <context Context, class... D> constexpr bool wanted(const Context&, const D&... gradient) {
    const auto one = [](const auto& d) {
        if constexpr (is_none<decltype(d)>) return false;
        else return !Context::has_data || static_cast<bool>(d);
    };
    return (one(gradient) || ...);
}

/// The operand of a gradient where that is wanted; else memory from the arena, since devices compute all gradients of
/// an op at once. What lies in that memory does not matter, nobody reads it. `like` has the gradient's shape; if that
/// is left out too (no bias, no QK norm), there is nothing to compute.
template <context Context, class D, class Like> auto or_scratch(Context& ctx, const D& d, const Like& like) {
    const auto scratch = [&](const auto& shape) {
        using element = std::remove_const_t<typename std::remove_cvref_t<decltype(shape)>::element>;
        return shape.over(ctx.arena.template take<element, dynamic>(shape.size()).data());
    };
    if constexpr (is_none<Like>) return none{};
    else if constexpr (is_none<D>) return scratch(like);
    else return wanted(ctx, d) ? d : scratch(d);
}

} // namespace rules
} // namespace walt
