// A thousand window attentions, of shapes and numbers that are drawn, on the cpu against the reference.
#include "../ops/window_attention_operands.hpp"
#include "draws.hpp"

using namespace walt;

namespace {

/// Shape n: a frame of outer tiles of inner tiles; a window is a tile of one frame or of all.
template <std::uint32_t N> struct drawn_shape {
    static constexpr int inner_height = 1 + drawn(N, 0, 4), inner_width = 1 + drawn(N, 1, 4);
    static constexpr int outer_height = inner_height * (1 + drawn(N, 2, 3)),
                         outer_width = inner_width * (1 + drawn(N, 3, 2));
    static constexpr int height = outer_height * (1 + drawn(N, 4, 2)), width = outer_width * (1 + drawn(N, 5, 2));
    static constexpr int frames = 1 + drawn(N, 6, 5), window_frames = drawn(N, 7, 2) ? frames : 1;
    static constexpr bool of_inner = drawn(N, 8, 2);
    using order = token_order<height, width, outer_height, outer_width, inner_height, inner_width>;
    using type = attention_shape<order, frames, window_frames, of_inner ? inner_height : outer_height,
                                 of_inner ? inner_width : outer_width, 1 + drawn(N, 9, 3),
                                 drawn_of(N, 10, std::array{4, 6, 8, 10, 16, 18, 24, 32, 40, 64, 72}),
                                 drawn(N, 11, 3) != 0, drawn(N, 12, 2) ? image_rule::own_frame : image_rule::identity>;
};

template <class Shape> void agrees_for_drawn_numbers(std::uint32_t shape, int times) {
    for (int i = 0; i < times; ++i) {
        const std::uint32_t n = 1000 + 100 * shape + static_cast<std::uint32_t>(i);
        const window_numbers of{.samples = 1 + drawn(n, 0, 4),
                                .images = static_cast<unsigned>(drawn(n, 1, 16)),
                                .spread = drawn_between(n, 2, 0.1, 2),
                                .bias = drawn_between(n, 3, 0, 3),
                                .stream = 16 * std::uint64_t{n}};
        omp_set_num_threads(1 + drawn(n, 4, 3));
        window_attention_agrees<Shape, float>(1e-5, of);
        // Few rows, and their terms cancel: bf16's roundings do not average out. What is wrong is off by the whole.
        window_attention_agrees<Shape, bf16>(1e-2, of, 6e-2);
    }
}

template <std::uint32_t... N> void agrees_for_shapes(std::integer_sequence<std::uint32_t, N...>, int times) {
    const int threads = omp_get_max_threads();
    (agrees_for_drawn_numbers<typename drawn_shape<N>::type>(N, times), ...);
    omp_set_num_threads(threads);
}

} // namespace

TEST_CASE("1000 drawn window attentions agree with the reference", "[sweeps][window_attention][cpu]") {
    agrees_for_shapes(std::make_integer_sequence<std::uint32_t, 25>{}, 40);
}
