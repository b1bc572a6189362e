// A config of your own is one line; everything else follows from it.
#include <walt/config/demo.hpp>
#include <walt/diffusion/cost.hpp>

#include <fmt/core.h>

// clang-format off
// [config]
struct mine : walt::presets::demo { static constexpr int adaln_rank = 4; };
// [/config]
// clang-format on

int main() try {
    const walt::cost before = walt::sampling_cost(walt::presets::demo{}, walt::compute<walt::bf16>),
                     after = walt::sampling_cost(mine{}, walt::compute<walt::bf16>);
    fmt::print("AdaLN-LoRA of rank 16: {} parameters; of rank 4: {}\n", before.parameters, after.parameters);
    return after.parameters < before.parameters ? 0 : 1;
} catch (const std::exception& problem) {
    fmt::print(stderr, "{}\n", problem.what());
    return 1;
}
