// Reference: noise, mixtures and the loss.
#pragma once

#include "../diffusion.hpp"
#include "checked_index.hpp"

#include <algorithm>
#include <cmath>

namespace walt::reference::inline WALT_INSTRUCTION_SET {

template <class CA, class X, class CB, class Y, class Out>
void frame_blend_on(context&, CA a, X x, CB b, Y y, Out out) {
    const std::int64_t frames = a.extent(0), size = x.size() / std::max<std::int64_t>(1, frames);
    for (std::int64_t f = 0; f < frames; ++f)
        for (std::int64_t i = f * size; i < (f + 1) * size; ++i)
            out.data()[i] = a(f) * x.data()[i] + b(f) * y.data()[i];
}

template <class Table, class Index, class Out> void lookup_on(context&, Table table, Index index, Out out) {
    for (std::int64_t i = 0; i < out.extent(0); ++i)
        out(i) = table(checked_index(index, i, table.extent(0), "ops::lookup"));
}

template <class X, class Y, class W, class Out>
void rescale_std_on(context&, X conditional, Y guided, double share, W weight, Out out) {
    const std::int64_t samples = guided.extent(0), size = guided.size() / std::max<std::int64_t>(1, samples);
    const std::int64_t frame = guided.size() / std::max<std::int64_t>(1, weight.extent(0)); // elements of one
    const auto deviation = [&](const auto* x, std::int64_t first) {
        const auto mean_of = [&](auto&& f) {
            double sum = 0, weights = 0;
            for (std::int64_t i = first; i < first + size; ++i) {
                const double w = static_cast<double>(weight(i / frame));
                sum += w * f(static_cast<double>(x[i]));
                weights += w;
            }
            return weights > 0 ? sum / weights : 0.0;
        };
        const double mean = mean_of([](double value) { return value; });
        return std::sqrt(mean_of([&](double value) { return (value - mean) * (value - mean); }));
    };
    for (std::int64_t b = 0; b < samples; ++b) {
        const double own = deviation(guided.data(), b * size);
        const double factor = 1 + share * (own > 0 ? deviation(conditional.data(), b * size) / own - 1 : 0);
        for (std::int64_t i = b * size; i < (b + 1) * size; ++i)
            out.data()[i] = static_cast<typename Out::element>(static_cast<double>(guided.data()[i]) * factor);
    }
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

} // namespace walt::reference::inline WALT_INSTRUCTION_SET
