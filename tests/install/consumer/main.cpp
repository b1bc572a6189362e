// What a user's first program looks like: a preset's size, known when it compiles, and one op on the CPU.
#include <walt/config/presets.hpp>
#include <walt/cpu.hpp>
#include <walt/transformer/denoiser.hpp>

#include <cstdio>

int main() {
    static_assert(walt::parameter_count<walt::transformer<walt::presets::walt_l>> == 313'238'408);
    walt::cpu::context device;
    const auto x = device.arena.take<float, walt::dynamic, 2>(3);
    walt::ops::fill(device, x, 1.0);
    std::printf("walt is here: %g\n", static_cast<double>(x(2, 1)));
    return x(2, 1) == 1.0f ? 0 : 1;
}
