// The golden file denoiser_numbers on every device: real numbers as a condition, some frames without.
#include "golden_on_all.hpp"

TEST_CASE("denoiser_numbers agrees with its golden file") {
    walt::testing::check_golden_on_all<walt::testing::denoiser_numbers>("recipe/denoiser_numbers");
}
