// A sampler of your own: which levels it visits, and a few coefficients for each step. Everything else (guidance,
// self-conditioning, known frames, recording on a GPU) comes with it.
#include <walt/config/demo.hpp>
#include <walt/cpu.hpp>
#include <walt/diffusion/sample.hpp>

#include <fmt/core.h>

#include <cmath>

struct small : walt::presets::demo {
    static constexpr int hidden = 64, heads = 2, depth = 2;
};

/// Ancestral steps: a share of each step's noise is drawn anew.
// [sampler]
struct ancestral {
    int steps = 10;
    double fresh = 0.5;
    std::vector<int> levels() const { return walt::trailing_levels(steps); }
    walt::sampler_step at(std::span<const walt::noise_level> path, std::size_t k) const {
        const auto next = path[k + 1];
        return {.x0 = next.signal, .eps = next.noise * std::sqrt(1 - fresh * fresh), .noise = next.noise * fresh};
    }
};
// [/sampler]

int main() try {
    walt::cpu::context device;
    const walt::denoiser model(device, small{}, walt::compute<walt::bf16>, walt::seed{1});
    const auto spread = [&](walt::any_sampler sampler) {
        double squares = 0;
        const auto made = walt::sample_latents(model, walt::unconditional{2}, {.sampler = sampler});
        for (const float x : made.values) squares += static_cast<double>(x) * static_cast<double>(x);
        return std::sqrt(squares / static_cast<double>(made.values.size()));
    };
    const double mine = spread(ancestral{}), again = spread(ancestral{}), theirs = spread(walt::ddim{.steps = 10});
    fmt::print("spread of samples: {:.4f} by ancestral steps, {:.4f} by DDIM; same seed, same numbers: {}\n", mine,
               theirs, mine == again ? "yes" : "no");
    return mine == again && mine != theirs && std::isfinite(mine) ? 0 : 1;
} catch (const std::exception& problem) {
    fmt::print(stderr, "{}\n", problem.what());
    return 1;
}
