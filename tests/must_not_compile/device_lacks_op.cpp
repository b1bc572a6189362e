// expect: this device has no linear map (linear_on) for operands of these types
#include <walt/ops/linear.hpp>

// A device with nothing but memory.
struct bare {
    static constexpr bool has_data = true;
    static constexpr const char* name = "bare";
    walt::arena arena{walt::allocate_host};
    walt::memory allocate(std::size_t bytes) { return walt::allocate_host(bytes); }
    void upload(void*, const void*, std::size_t) {}
    void download(void*, const void*, std::size_t) {}
};

int main() {
    bare ctx;
    const walt::view<float, walt::dynamic, 4> x;
    const walt::view<float, 8, 4> w;
    const walt::view<float, walt::dynamic, 8> y;
    walt::ops::linear(ctx, x, w, walt::none{}, y);
}
