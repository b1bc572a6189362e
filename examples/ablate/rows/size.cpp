#include "../rows.hpp"

namespace ablate {
namespace {

struct narrow : base {
    static constexpr int hidden = 64, heads = 2;
};
struct wide : base {
    static constexpr int hidden = 160, heads = 5;
};

const bool sizes = list({6,
                         "size",
                         "Size (Table 1, W.A.L.T-L and -XL: 46, 36)",
                         {trained<narrow>("width 64", 0, {.trained = "width_64"}), the_base("width 96", 46),
                          trained<wide>("width 160", 36, {.trained = "width_160"})}});

} // namespace
} // namespace ablate
