// Reference: noise, mixtures and the loss.
#pragma once

#include "../diffusion.hpp"
#include "context.hpp"

namespace walt::reference {

template <class CA, class X, class CB, class Y, class Out> void frame_blend_on(context&, CA a, X x, CB b, Y y, Out out) {
    const std::int64_t frames = a.extent(0), size = x.size() / std::max<std::int64_t>(1, frames);
    for (std::int64_t f = 0; f < frames; ++f)
        for (std::int64_t i = f * size; i < (f + 1) * size; ++i)
            out.data()[i] = a(f) * x.data()[i] + b(f) * y.data()[i];
}

template <class Out> void normal_on(context&, philox sequence, Out out) {
    for (std::int64_t i = 0; i < out.size(); ++i)
        out.data()[i] = static_cast<typename Out::element>(sequence.normal(static_cast<std::uint64_t>(i)));
}

template <class X, class Y, class W, class Loss, class DX>
void square_error_on(context&, X x, Y y, W weight, Loss loss, DX dx) {
    using A = typename DX::element;
    const std::int64_t frames = weight.extent(0), size = x.size() / std::max<std::int64_t>(1, frames);
    double sum = 0, weights = 0;
    for (std::int64_t f = 0; f < frames; ++f) {
        weights += static_cast<double>(weight(f));
        double frame = 0;
        for (std::int64_t i = f * size; i < (f + 1) * size; ++i) {
            const double difference = static_cast<double>(x.data()[i]) - static_cast<double>(y.data()[i]);
            frame += difference * difference;
        }
        sum += static_cast<double>(weight(f)) * frame;
    }
    const double share = weights > 0 ? 1.0 / (weights * static_cast<double>(size)) : 0.0;
    loss(0) = static_cast<A>(sum * share);
    for (std::int64_t f = 0; f < frames; ++f)
        for (std::int64_t i = f * size; i < (f + 1) * size; ++i)
            dx.data()[i] = static_cast<A>(2.0 * share * static_cast<double>(weight(f)) *
                                          (static_cast<double>(x.data()[i]) - static_cast<double>(y.data()[i])));
}

} // namespace walt::reference
