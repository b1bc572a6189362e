// A thousand convolutions, of sizes, strides and edges that are drawn, on the cpu against the reference.
#include "../ops/conv3d_operands.hpp"
#include "draws.hpp"

#include <array>

using namespace walt;

namespace {

conv_axis drawn_axis(std::uint32_t n, std::uint32_t k, int kernel) {
    return {kernel, 1 + drawn(n, k, 3), drawn(n, k + 1, kernel + 2), drawn(n, k + 2, kernel + 2),
            drawn(n, k + 3, 3) == 0 ? padding::replicate : padding::zeros};
}

/// What a library reads of its scratch memory without having written it is no number from now on.
void spoil_scratch() {
    cpu::parallel(64, 1 << 20, [](std::int64_t) { // of whichever threads take part
        arena& scratch = cpu::thread_scratch();
        const arena::scope scope(scratch);
        const auto all = scratch.take<std::uint8_t, dynamic>(1 << 18);
        std::fill_n(all.data(), all.size(), std::uint8_t{0xff}); // NaN in float and in bf16
    });
}

/// As many as asked for of which an output is left; `most`: extents.
template <class T, class U, int I, int O, int Kt, int K>
void agrees_for_drawn_sizes(std::uint32_t kind, int times, std::array<int, 4> most) {
    for (std::uint32_t n = 10'000 * kind; times > 0; ++n) {
        const video_size size{1 + drawn(n, 0, most[0]), 1 + drawn(n, 1, most[1]), 1 + drawn(n, 2, most[2]),
                              1 + drawn(n, 3, most[3])};
        const conv_geometry g{drawn_axis(n, 10, Kt), drawn_axis(n, 20, K), drawn_axis(n, 30, K)};
        const video_size after = g.after(size);
        if (after.frames <= 0 || after.height <= 0 || after.width <= 0) continue;
        omp_set_num_threads(1 + drawn(n, 4, 3));
        spoil_scratch();
        conv3d_agrees<T, U, I, O, Kt, K>(size, g, std::is_same_v<U, bf16> ? 4e-3 : 1e-5);
        --times;
    }
}

/// So many draws for each of ten kernels and types, the first of them number `kind`.
void agree_for_drawn_sizes(std::uint32_t kind, int times, std::array<int, 4> most) {
    const int threads = omp_get_max_threads();
    agrees_for_drawn_sizes<float, float, 1, 3, 1, 3>(kind, times, most);
    agrees_for_drawn_sizes<float, float, 3, 16, 3, 3>(kind + 1, times, most);
    agrees_for_drawn_sizes<float, float, 5, 7, 2, 4>(kind + 2, times, most);
    agrees_for_drawn_sizes<float, float, 24, 8, 1, 1>(kind + 3, times, most);
    agrees_for_drawn_sizes<float, float, 13, 2, 3, 5>(kind + 4, times, most);
    agrees_for_drawn_sizes<bf16, float, 3, 8, 3, 3>(kind + 5, times, most);
    agrees_for_drawn_sizes<bf16, float, 17, 5, 3, 1>(kind + 6, times, most);
    agrees_for_drawn_sizes<bf16, bf16, 16, 3, 3, 3>(kind + 7, times, most);
    agrees_for_drawn_sizes<bf16, bf16, 8, 32, 1, 3>(kind + 8, times, most);
    agrees_for_drawn_sizes<bf16, bf16, 6, 10, 2, 2>(kind + 9, times, most);
    omp_set_num_threads(threads);
}

} // namespace

TEST_CASE("1000 drawn convolutions agree with the reference", "[sweeps][conv3d][cpu]") {
    agree_for_drawn_sizes(1, 100, {3, 6, 13, 13});
}

TEST_CASE("1000 drawn convolutions of few frames, rows and columns agree with the reference", "[sweeps][conv3d][cpu]") {
    agree_for_drawn_sizes(11, 100, {3, 2, 3, 3});
}
