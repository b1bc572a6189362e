// The attentions on the shapes of the demo and of W.A.L.T-L.
#include "attention.hpp"

#include <walt/ops/cpu/cross_attention.hpp>
#include <walt/ops/cpu/diffusion.hpp>
#include <walt/ops/cpu/window_attention.hpp>

using namespace walt;
using namespace walt::benchmarks;

namespace {

template <class T> void add_all() {
    add_window<cpu::context, window_of<6, 6, 1, 4, 64>, T>("demo_spatial", 32);
    add_window<cpu::context, window_of<6, 6, 5, 4, 64>, T>("demo_spatiotemporal", 32);
    add_window<cpu::context, window_of<16, 8, 1, 16, 64>, T>("walt_l_spatial", 2);
    add_window<cpu::context, window_of<16, 8, 5, 16, 64>, T>("walt_l_spatiotemporal", 2);
    add_cross<cpu::context, cross_shape<36, 8, 4, 64, true>, T>("demo", 32);
    add_cross<cpu::context, cross_shape<256, 8, 16, 64, true>, T>("walt_l", 2);
}

[[maybe_unused]] const bool registered = (add_all<float>(), add_all<bf16>(), true);

} // namespace
