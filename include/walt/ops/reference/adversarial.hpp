// Reference: the losses of a critic's answers.
#pragma once

#include "../adversarial.hpp"
#include "context.hpp"

#include <algorithm>

namespace walt::reference::inline WALT_INSTRUCTION_SET {

template <class X, class Loss, class DX> void softplus_loss_on(context&, X logits, int sign, Loss loss, DX dlogits) {
    const double share = 1.0 / static_cast<double>(std::max<std::int64_t>(1, logits.size()));
    double sum = 0;
    for (std::int64_t i = 0; i < logits.size(); ++i) {
        const double x = sign * static_cast<double>(logits.data()[i]);
        sum += softplus::value(x);
        dlogits.data()[i] = static_cast<typename DX::element>(share * sign * softplus::slope(x));
    }
    loss.data()[0] = static_cast<typename Loss::element>(share * sum);
}

template <class X, class Y, class Averages, class Means, class Loss, class DX, class DY>
void lecam_on(context&, X real, Y fake, Averages averages, Means means, Loss loss, DX dreal, DY dfake) {
    const auto mean = [](const auto& x) {
        double sum = 0;
        for (std::int64_t i = 0; i < x.size(); ++i) sum += static_cast<double>(x.data()[i]);
        return sum / static_cast<double>(std::max<std::int64_t>(1, x.size()));
    };
    const double of_real = mean(real), of_fake = mean(fake);
    const double above = std::max(0.0, of_real - static_cast<double>(averages.data()[1])),
                 below = std::max(0.0, static_cast<double>(averages.data()[0]) - of_fake);
    const auto fill = [](const auto& d, double sum) {
        using element = typename std::remove_cvref_t<decltype(d)>::element;
        std::fill_n(d.data(), d.size(),
                    static_cast<element>(sum / static_cast<double>(std::max<std::int64_t>(1, d.size()))));
    };
    fill(dreal, 2 * above);
    fill(dfake, -2 * below);
    means.data()[0] = static_cast<typename Means::element>(of_real);
    means.data()[1] = static_cast<typename Means::element>(of_fake);
    loss.data()[0] = static_cast<typename Loss::element>(above * above + below * below);
}

} // namespace walt::reference::inline WALT_INSTRUCTION_SET
