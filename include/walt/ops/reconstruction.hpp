// The pixel loss of a tokenizer: squared and absolute difference, averaged over all elements.
#pragma once

#include "rules.hpp"

namespace walt::ops {

template <class... T> void reconstruction_error_on(rules::any_context, ...) {
    static_assert(rules::device_has<T...>,
                  "this device has no pixel loss (reconstruction_error_on) for operands of these types");
}
/// loss [1] = mean (x - y)^2 + absolute mean |x - y|, and dx = d loss / d x.
template <context Context, class X, class Y, class Loss, class DX>
void reconstruction_error(Context& ctx, X x, Y y, double absolute, Loss loss, DX dx) {
    rules::equal_sizes(x, y, "ops::reconstruction_error: the sizes of x and of y");
    rules::equal_sizes(x, dx, "ops::reconstruction_error: the sizes of x and of dx");
    rules::equal(loss.size(), 1, "ops::reconstruction_error: the size of loss and 1");
    reconstruction_error_on(ctx, x.read(), y.read(), absolute, loss, dx);
}

} // namespace walt::ops
