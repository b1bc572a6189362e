// Super-resolution's way in: a depth-to-space convolution that doubles a latent (paper sec. 4.5, spec 1.3).
#pragma once

#include "../core/parameters.hpp"
#include "../ops/linear.hpp"

namespace walt::nn {

template <int C> struct latent_upsampler {
    struct convolution {
        frame_kernel<init::xavier, 4 * C, C, 3, 3> weight;
        parameter<init::zero, 4 * C> bias;
        static constexpr void each(auto& self, auto&& visit) {
            visit("weight", self.weight);
            visit("bias", self.bias);
        }
    };
    convolution conv;
    static constexpr void each(auto& self, auto&& visit) { visit("conv", self.conv); }
};

} // namespace walt::nn
