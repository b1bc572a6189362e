#include "../rows.hpp"

namespace ablate {
namespace {

struct quarter : base {
    static constexpr walt::window spatiotemporal_window{0, 2, 2};
};
struct whole : base {
    static constexpr walt::window spatiotemporal_window{0, 8, 8};
};
struct full : base {
    static constexpr walt::attention_pattern pattern = walt::attention_pattern::full;
};

const bool windows = list({2,
                           "windows",
                           "Spatiotemporal windows (Table 3b: 5 x 4 x 4, 5 x 8 x 8, 5 x 16 x 16 of 16 x 16)",
                           {trained<quarter>("5 x 2 x 2", 56.9, {.trained = "window_2"}), the_base("5 x 4 x 4", 59.6),
                            trained<whole>("5 x 8 x 8", 55.3, {.trained = "window_8"}),
                            trained<full>("full attention", 59.9, {.trained = "full"})}});

} // namespace
} // namespace ablate
