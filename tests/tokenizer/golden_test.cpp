// The tokenizer against its golden files: latents, reconstruction, loss and every gradient, on every host device.
#include "golden_tokenizer.hpp"

#include <walt/cpu.hpp>

using namespace walt;
using namespace walt::testing::golden_tokenizer;

#ifdef WALT_TEST_WITHOUT_BF16 // that unit is there for the cpu device's products, whatever the config
TEMPLATE_TEST_CASE("the tokenizer equals its golden file", "[tokenizer][golden]", small, three_levels) {
#else
TEMPLATE_TEST_CASE("the tokenizer equals its golden file", "[tokenizer][golden]", small, three_levels, groups,
                   non_causal, frame_by_frame) {
#endif
    constexpr bool is_small = std::is_same_v<TestType, small>;
#ifndef WALT_TEST_WITHOUT_BF16
    SECTION("reference, double") {
        reference::context ctx;
        check<double, TestType>(ctx, in_double);
    }
    SECTION("reference, float") {
        reference::context ctx;
        check<float, TestType>(ctx, is_small ? in_float_small : in_float);
    }
#endif
    SECTION("cpu, float") {
        cpu::context ctx;
        check<float, TestType>(ctx, is_small ? in_float_small : in_float);
    }
    SECTION("cpu, bf16") {
        cpu::context ctx;
        check<bf16, TestType>(ctx, is_small ? in_bf16_small : in_bf16);
    }
}
