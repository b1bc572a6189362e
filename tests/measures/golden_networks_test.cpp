// The networks of measures against their golden files, on every host device.
#include "golden_networks.hpp"

#include <walt/cpu.hpp>

using namespace walt;
using namespace walt::testing::golden_networks;

TEST_CASE("I3D, Inception and C3D equal their golden files", "[measures][golden]") {
    reference::context plain;
    cpu::context fast;
    SECTION("reference, double") { check<double>(plain, 1e-6); }
    SECTION("reference, float") { check<float>(plain, 1e-5); }
    SECTION("cpu, float") { check<float>(fast, 1e-5); }
}
