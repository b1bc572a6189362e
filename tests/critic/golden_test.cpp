// The critic against its golden files on every host device.
#include "golden_critic.hpp"

#include <walt/cpu.hpp>

using namespace walt;
using namespace walt::testing::golden_critic;

TEMPLATE_TEST_CASE("the critic equals its golden file", "[critic][golden]", of_clips, of_images) {
    SECTION("reference, double") {
        reference::context ctx;
        check<double, TestType>(ctx, in_double);
    }
    SECTION("reference, float") {
        reference::context ctx;
        check<float, TestType>(ctx, in_float);
    }
    SECTION("cpu, float") {
        cpu::context ctx;
        check<float, TestType>(ctx, in_float);
    }
    SECTION("cpu, bf16") {
        if constexpr (std::is_same_v<TestType, of_clips>) { // the other file states no tolerance
            cpu::context ctx;
            check<bf16, TestType>(ctx, in_bf16);
        }
    }
}
