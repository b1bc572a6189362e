#include "../rows.hpp"

namespace ablate {
namespace {

template <int Rank> struct of_rank : base { static constexpr int adaln_rank = Rank; };
struct deeper : base { // as many parameters as a separate AdaLN in each of the base's layers costs
    static constexpr int depth = 6;
};

const bool ranks = list({4,
                         "rank",
                         "Rank of AdaLN-LoRA (Table 3d)",
                         {the_base("2", 60.7), trained<of_rank<4>>("4", 56.6, {.trained = "rank_4"}),
                          trained<of_rank<16>>("16", 55.5, {.trained = "rank_16"}),
                          trained<of_rank<64>>("64", 54.4, {.trained = "rank_64"})}});

const bool separate = list({4,
                            "separate",
                            "AdaLN of every layer's own, and LoRA of as many parameters (Table 4)",
                            {the_base("rank 2"), trained<of_rank<0>>("separate", 34.6, {.trained = "separate"}),
                             trained<deeper>("rank 2, 6 layers", 36.7, {.trained = "depth_6"})}});

} // namespace
} // namespace ablate
