// A user's program on the CUDA device.
#include <walt/cuda.cuh>

#include <cstdio>

int main() {
    int devices = 0;
    if (cudaGetDeviceCount(&devices) != cudaSuccess || devices == 0) {
        std::puts("not run: there is no GPU");
        return 0;
    }
    walt::cuda::context device;
    const auto x = device.arena.take<float, walt::dynamic, 8>(4), y = device.arena.take<float, walt::dynamic, 8>(4);
    const auto w = device.arena.take<float, 8, 8>();
    walt::ops::fill(device, x, 0.5);
    walt::ops::fill(device, w, 2);
    walt::ops::linear(device, x, w, walt::none{}, y);
    float first = 0;
    device.download(&first, y.data(), sizeof first);
    return first == 8 ? 0 : 1;
}
