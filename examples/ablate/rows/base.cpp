// The base, and other ways to sample it.
#include "../rows.hpp"

#include <walt/diffusion/dpm_solver.hpp>

template std::optional<walt::named_numbers>
ablate::train_and_measure<ablate::base, ablate::base_tokens>(workbench&, const setting&, std::uint64_t);

namespace ablate {
namespace {

row of_base(std::string name, double paper, setting how) {
    return trained<base>(std::move(name), paper, std::move(how));
}
row sampled(std::string name, walt::any_sampler sampler) {
    return of_base(std::move(name), 0, {.sampler = std::move(sampler)});
}
const bool base_itself = list({0, "base", "The base", {of_base("base", 60.7, {})}});

const bool guidance = list({9,
                            "guidance",
                            "Guidance",
                            {the_base("none"), of_base("1.5", 0, {.guidance = 1.5f}), of_base("3", 0, {.guidance = 3}),
                             of_base("6", 0, {.guidance = 6})}});

const bool samplers = list({10,
                            "sampler",
                            "Sampler and steps",
                            {sampled("DDIM 5", walt::ddim{.steps = 5}), sampled("DDIM 10", walt::ddim{.steps = 10}),
                             sampled("DDIM 25", walt::ddim{.steps = 25}), the_base("DDIM 50"),
                             sampled("DDIM 50, eta 1", walt::ddim{.steps = 50, .eta = 1}),
                             sampled("DPM-Solver++ 2M 5", walt::dpm_solver_pp_2m{.steps = 5}),
                             sampled("DPM-Solver++ 2M 10", walt::dpm_solver_pp_2m{.steps = 10}),
                             sampled("DPM-Solver++ 2M 20", walt::dpm_solver_pp_2m{.steps = 20})}});

} // namespace
} // namespace ablate
