// The golden files of sampling on every device of the host: DPM-Solver++ 2M, and known frames.
#include "golden_sampling.hpp"

#include <walt/cpu.hpp>

using namespace walt;

TEMPLATE_TEST_CASE("DPM-Solver++ 2M samples as its golden file", "[diffusion][golden]", double, float) {
    testing::check_golden_dpm_2m<reference::context, TestType>();
}
TEMPLATE_TEST_CASE("cpu: DPM-Solver++ 2M samples as its golden file", "[diffusion][golden]", float, bf16) {
    testing::check_golden_dpm_2m<cpu::context, TestType>();
}
TEMPLATE_TEST_CASE("known frames are sampled under as in the golden file", "[diffusion][golden]", double, float) {
    testing::check_golden_sample_known<reference::context, TestType>();
}
TEMPLATE_TEST_CASE("cpu: known frames are sampled under as in the golden file", "[diffusion][golden]", float, bf16) {
    testing::check_golden_sample_known<cpu::context, TestType>();
}
