// A thousand cross-attentions, of shapes, texts and masks that are drawn, on the cpu against the reference.
#include "../ops/cross_attention_operands.hpp"
#include "draws.hpp"

#include <utility>

using namespace walt;

namespace {

/// Shape n, numbers of it by other draws than those of window attention.
template <std::uint32_t N>
using drawn_shape = cross_shape<1 + drawn(50'000 + N, 0, 70), 1 + drawn(50'000 + N, 1, 20), 1 + drawn(50'000 + N, 2, 3),
                                drawn_of(50'000 + N, 3, std::array{4, 6, 8, 10, 16, 18, 24, 32, 40, 64, 72}),
                                drawn(50'000 + N, 4, 3) != 0>;

/// One to six frames of one to four texts: some nobody's, some without a valid position.
cross_texts drawn_texts(std::uint32_t n, int positions) {
    cross_texts made{{}, 1 + drawn(n, 1, 4), {}};
    const auto frames = static_cast<std::uint32_t>(1 + drawn(n, 0, 6));
    for (std::uint32_t f = 0; f < frames; ++f) made.of_frame.push_back(drawn(n, 10 + f, made.texts));
    for (std::uint32_t t = 0; t < static_cast<std::uint32_t>(made.texts); ++t) {
        const int valid_of_8 = drawn(n, 20 + t, 9);
        for (std::uint32_t m = 0; m < static_cast<std::uint32_t>(positions); ++m)
            made.valid.push_back(drawn(n, 100 + 32 * t + m, 8) < valid_of_8);
    }
    return made;
}

template <class Shape> void agrees_for_drawn_texts(std::uint32_t shape, int times) {
    for (int i = 0; i < times; ++i) {
        const std::uint32_t n = 60'000 + 100 * shape + static_cast<std::uint32_t>(i);
        const cross_texts of = drawn_texts(n, Shape::text_tokens);
        omp_set_num_threads(1 + drawn(n, 2, 3));
        cross_attention_agrees<Shape, float>(1e-5, of, 16 * std::uint64_t{n});
        // Few rows, and their terms cancel: bf16's roundings do not average out. What is wrong is off by the whole.
        cross_attention_agrees<Shape, bf16>(1e-2, of, 16 * std::uint64_t{n}, 6e-2);
    }
}

template <std::uint32_t... N> void agrees_for_shapes(std::integer_sequence<std::uint32_t, N...>, int times) {
    const int threads = omp_get_max_threads();
    (agrees_for_drawn_texts<drawn_shape<N>>(N, times), ...);
    omp_set_num_threads(threads);
}

} // namespace

TEST_CASE("1000 drawn cross-attentions agree with the reference", "[sweeps][cross_attention][cpu]") {
    agrees_for_shapes(std::make_integer_sequence<std::uint32_t, 20>{}, 50);
}
