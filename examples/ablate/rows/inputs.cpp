// What a row leaves out, or does more rarely.
#include "../rows.hpp"

namespace ablate {
namespace {

struct no_qk_norm : base {
    static constexpr bool qk_norm = false;
};
struct no_self_conditioning : base {
    static constexpr bool self_conditioning = false;
};

walt::denoising self_conditioned(float rate) {
    walt::denoising objective;
    objective.self_conditioning_rate = rate;
    return objective;
}
walt::denoising without_zero_snr() {
    walt::denoising objective;
    objective.schedule = walt::noise_schedule(walt::linear_beta(false));
    return objective;
}

const bool self_conditioning = list(
    {3,
     "self_conditioning",
     "Self-conditioning rate (Table 3c)",
     {trained<no_self_conditioning>("0.0", 109.9, {.trained = "sc_0"}),
      trained<base>("0.3", 76.0, {.trained = "sc_0.3", .objective = self_conditioned(0.3f)}),
      trained<base>("0.6", 60.0, {.trained = "sc_0.6", .objective = self_conditioned(0.6f)}), the_base("0.9", 61.4)}});

const bool without =
    list({5,
          "without",
          "Left out (Table 3e)",
          {the_base("nothing", 60.7), trained<no_qk_norm>("QK norm", 59.0, {.trained = "no_qk_norm"}),
           trained<base>("latent norm", 67.9, {.trained = "no_latent_norm", .scale = walt::latent_scale::raw}),
           trained<base>("zero terminal SNR", 91.0, {.trained = "no_zero_snr", .objective = without_zero_snr()})}});

} // namespace
} // namespace ablate
