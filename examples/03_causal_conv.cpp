// Causal convolution: changing a frame changes no frame before it, to the last bit.
#include <walt/cpu.hpp>

#include <fmt/core.h>

#include <cstring>

int main() try {
    walt::cpu::context device;
    constexpr int frames = 5, side = 6, in = 3, out = 8;
    const walt::video_size size{1, frames, side, side};
    const auto x = size.take<float, in>(device.arena);
    const auto before = size.take<float, out>(device.arena), after = size.take<float, out>(device.arena);
    const auto w = device.arena.take<float, out, 3, 3, 3, in>();
    walt::ops::normal(device, walt::philox{1, 1}, x);
    walt::ops::normal(device, walt::philox{1, 2}, w);
    constexpr auto causally = walt::conv_geometry::causal({3, 3, 3});
    bool causal = true;
    for (int changed = 0; changed < frames; ++changed) {
        walt::ops::conv3d(device, causally, x, w, walt::none{}, before);
        x(0, changed, 2, 3, 1) += 1.0f;
        walt::ops::conv3d(device, causally, x, w, walt::none{}, after);
        int first = 0;
        const std::size_t frame = sizeof(float) * side * side * out;
        while (first < frames && std::memcmp(&before(0, first, 0, 0, 0), &after(0, first, 0, 0, 0), frame) == 0)
            ++first;
        fmt::print("frame {} of the input changed: the output changes from frame {} on\n", changed, first);
        causal = causal && first == changed;
    }
    return causal ? 0 : 1;
} catch (const std::exception& problem) {
    fmt::print(stderr, "{}\n", problem.what());
    return 1;
}
