// The perceptual distance against its golden file, on every host device.
#include "golden_perceptual.hpp"

#include <walt/cpu.hpp>

using namespace walt;
using namespace walt::testing::golden_perceptual;

TEST_CASE("the perceptual distance equals its golden file", "[perceptual][golden]") {
    reference::context plain;
    cpu::context fast;
    SECTION("reference, double") { check<double>(plain, in_double); }
    SECTION("reference, float") { check<float>(plain, in_float); }
    SECTION("cpu, float") { check<float>(fast, in_float); }
    SECTION("cpu, bf16") { check<bf16>(fast, in_bf16); }
}
