// The noise schedule (paper sec. 3, Table 8; spec 2): 1000 levels, linear beta, rescaled to zero terminal SNR (Lin et
// al., algorithm 1).
#pragma once

#include "../core/error.hpp"

#include <cmath>
#include <vector>

namespace walt {

/// gamma(step): how much of x_t's variance is signal, at each of the 1000 levels; exactly 0 at the last.
class noise_schedule {
  public:
    static constexpr int levels = 1000;

    /// `zero_terminal_snr` off leaves the linear schedule as it is (the paper's ablation, Table 3e).
    explicit noise_schedule(bool zero_terminal_snr = true) : gamma_(levels) {
        std::vector<double> root(levels); // sqrt of the product of 1 - beta
        double product = 1;
        for (int i = 0; i < levels; ++i) {
            product *= 1.0 - (1e-4 + (0.02 - 1e-4) * i / (levels - 1));
            root[static_cast<std::size_t>(i)] = std::sqrt(product);
        }
        const double first = root.front(), last = zero_terminal_snr ? root.back() : 0.0;
        for (std::size_t i = 0; i < root.size(); ++i) {
            const double rescaled = (root[i] - last) * first / (first - last);
            gamma_[i] = rescaled * rescaled;
        }
    }

    double gamma(int step) const {
        require(step >= 0 && step < levels, "a diffusion step lies in [0, {}), not at {}", levels, step);
        return gamma_[static_cast<std::size_t>(step)];
    }
    /// sqrt(gamma) and sqrt(1 - gamma) of all levels, as tables for ops::lookup.
    template <class A> std::vector<A> signal() const {
        return table<A>([](double g) { return std::sqrt(g); });
    }
    template <class A> std::vector<A> noise() const {
        return table<A>([](double g) { return std::sqrt(1 - g); });
    }

  private:
    template <class A, class F> std::vector<A> table(F f) const {
        std::vector<A> values;
        for (const double g : gamma_) values.push_back(static_cast<A>(f(g)));
        return values;
    }
    std::vector<double> gamma_;
};

} // namespace walt
