// A user of everything.
#include <walt/files.hpp>
#include <walt/walt.hpp>

#include <cstdio>

int main() {
    walt::cpu::context device;
    const walt::buffer<float> numbers(device, 6);
    std::printf("the %s device gave %zu numbers\n", device.name, numbers.size());
}
