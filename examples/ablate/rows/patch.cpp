#include "../rows.hpp"

namespace ablate {
namespace {

struct patch_2 : base {
    static constexpr int patch = 2;
    static constexpr walt::window spatiotemporal_window{0, 2, 2};
};
struct patch_4 : base {
    static constexpr int patch = 4;
    static constexpr walt::window spatiotemporal_window{0, 1, 1};
};

const bool patches = list({1,
                           "patch",
                           "Patch size (Table 3a)",
                           {the_base("1", 60.7), trained<patch_2>("2", 134.4, {.trained = "patch_2"}),
                            trained<patch_4>("4", 461.8, {.trained = "patch_4"})}});

} // namespace
} // namespace ablate
