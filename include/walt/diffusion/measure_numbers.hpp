// What the numbers of a data set are like, for models that have numbers as a condition.
#pragma once

#include "../core/parameter_table.hpp"
#include "../core/running_moments.hpp"
#include "../data/latents.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace walt {

/// Measures `numbers.mean` and `numbers.std` of a model over batches 0 .. batches - 1 of a source (any function from a
/// batch's number to latents), before its training. Only frames whose numbers are known count; a number that never
/// changes has deviation 1. Until then the statistics are 0 and 1: numbers enter as they are.
template <class Model, class Source> void measure_numbers(Model& model, Source&& source, std::int64_t batches) {
    constexpr std::size_t N = Model::config_type::numbers;
    static_assert(N > 0, "this model has no numbers as conditions (numbers is 0): there is nothing to measure");
    using A = typename Model::master_type;
    running_moments found(N);
    for (std::int64_t n = 0; n < batches; ++n) {
        const latents batch = source(n);
        batch.check();
        detail::require_size_or_none(batch.numbers, batch.shape.count * batch.shape.frames * std::int64_t{N},
                                     batch.shape, "numbers as conditions");
        std::vector<float> known;
        for (std::size_t f = 0; f < batch.numbers.size() / N; ++f)
            if (batch.numbers_valid.empty() || batch.numbers_valid[f] != 0) {
                const auto first = batch.numbers.begin() + static_cast<std::ptrdiff_t>(f * N);
                known.insert(known.end(), first, first + static_cast<std::ptrdiff_t>(N));
            }
        for (const float one : known)
            require(std::isfinite(one), "a number that batch {} says is known is not finite ({})", n, one);
        found.add(known);
    }
    require(found.rows() > 0, "{} batches came without any frame whose numbers are known", batches);
    std::vector<A> mean, deviation;
    for (std::size_t i = 0; i < N; ++i) {
        mean.push_back(static_cast<A>(found.mean(i)));
        const A spread = static_cast<A>(found.deviation(i)); // exactly 0 of floats that are all the same
        deviation.push_back(spread > A{0} ? spread : A{1});
    }
    for (const parameter_row& row : model.table()) {
        if (row.name == "numbers.mean") model.set(row, mean);
        if (row.name == "numbers.std") model.set(row, deviation);
    }
}

} // namespace walt
