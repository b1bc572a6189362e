// A thousand norms, of sizes that are drawn, on the cpu against the reference.
#include "../ops/group_norm_operands.hpp"
#include "../ops/modulated_norm_operands.hpp"
#include "draws.hpp"

using namespace walt;

namespace {

template <class Activation, class X, class T, int C, int G> void agrees_for_drawn_sizes(std::uint32_t kind, int times) {
    for (int i = 0; i < times; ++i) {
        const std::uint32_t n = 10'000 * kind + static_cast<std::uint32_t>(i);
        // A group of one number has no variance: two pixels at least.
        const video_size size{1 + drawn(n, 0, 3), 1 + drawn(n, 1, 5), 1 + drawn(n, 2, 24), 2 + drawn(n, 3, 24)};
        omp_set_num_threads(1 + drawn(n, 4, 3));
        group_norm_agrees<Activation, X, T, C, G>(size, drawn(n, 5, 2), std::is_same_v<T, bf16> ? 4e-3 : 1e-5);
    }
}

template <class T, int D> void modulated_agrees_for_drawn_sizes(std::uint32_t kind, int times) {
    for (int i = 0; i < times; ++i) {
        const std::uint32_t n = 10'000 * kind + static_cast<std::uint32_t>(i);
        const int frames = 1 + drawn(n, 0, 6), per_frame = 1 + drawn(n, 1, 80);
        omp_set_num_threads(1 + drawn(n, 2, 3));
        modulated_norm_agrees<T, D>(frames, per_frame, std::is_same_v<T, bf16> ? 4e-3 : 1e-5, 16 * std::uint64_t{n});
    }
}

} // namespace

TEST_CASE("1000 drawn group norms agree with the reference", "[sweeps][group_norm][cpu]") {
    using activation::identity, activation::silu;
    const int threads = omp_get_max_threads();
    agrees_for_drawn_sizes<silu, float, float, 3, 1>(101, 125);
    agrees_for_drawn_sizes<identity, float, float, 10, 5>(102, 125);
    agrees_for_drawn_sizes<silu, float, float, 24, 8>(103, 125);
    agrees_for_drawn_sizes<silu, float, bf16, 36, 4>(104, 125);
    agrees_for_drawn_sizes<identity, float, bf16, 7, 7>(105, 125);
    agrees_for_drawn_sizes<silu, bf16, bf16, 16, 2>(106, 125);
    agrees_for_drawn_sizes<silu, bf16, bf16, 66, 33>(107, 125);
    agrees_for_drawn_sizes<identity, bf16, bf16, 20, 4>(108, 125);
    omp_set_num_threads(threads);
}

TEST_CASE("1000 drawn modulated norms and gated residuals agree with the reference", "[sweeps][modulated_norm][cpu]") {
    const int threads = omp_get_max_threads();
    modulated_agrees_for_drawn_sizes<float, 2>(111, 125);
    modulated_agrees_for_drawn_sizes<float, 15>(112, 125);
    modulated_agrees_for_drawn_sizes<float, 64>(113, 125);
    modulated_agrees_for_drawn_sizes<float, 200>(114, 125);
    modulated_agrees_for_drawn_sizes<bf16, 6>(115, 125);
    modulated_agrees_for_drawn_sizes<bf16, 33>(116, 125);
    modulated_agrees_for_drawn_sizes<bf16, 72>(117, 125);
    modulated_agrees_for_drawn_sizes<bf16, 256>(118, 125);
    omp_set_num_threads(threads);
}
