// The pixel loss of a tokenizer: squared and absolute difference, averaged over all elements.
#pragma once

#include "rules.hpp"

namespace walt::ops {

/// loss [1] = mean (x - y)^2 + absolute mean |x - y|, and dx = d loss / d x.
template <class Context, class X, class Y, class Loss, class DX>
void reconstruction_error(Context& ctx, X x, Y y, double absolute, Loss loss, DX dx) {
    rules::equal(x.size(), y.size(), "ops::reconstruction_error: the sizes of x and of y");
    rules::equal(x.size(), dx.size(), "ops::reconstruction_error: the sizes of x and of dx");
    reconstruction_error_on(ctx, x.read(), y.read(), absolute, loss, dx);
}

} // namespace walt::ops
