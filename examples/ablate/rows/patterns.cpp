#include "../rows.hpp"

namespace ablate {
namespace {

struct spatial : base {
    static constexpr walt::attention_pattern pattern = walt::attention_pattern::spatial;
};
struct spatiotemporal : base {
    static constexpr walt::attention_pattern pattern = walt::attention_pattern::spatiotemporal;
};

const bool patterns =
    list({2,
          "pattern",
          "Layers",
          {trained<spatial>("spatial only", 0, {.trained = "spatial"}),
           trained<spatiotemporal>("spatiotemporal only", 0, {.trained = "spatiotemporal"}), the_base("alternating")}});

} // namespace
} // namespace ablate
