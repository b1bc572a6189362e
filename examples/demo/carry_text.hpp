// A denoiser gets another text encoder: its text projection is fitted anew, and nothing else changes.
#pragma once

#include <walt/core/error.hpp>
#include <walt/core/model.hpp>
#include <walt/text/text_batch.hpp>

#include <vector>

#include <lapacke.h>

namespace demo {

/// Makes of what a model sees in texts `now` what it saw in the texts `before`, position by position: its text_proj
/// becomes the least squares' one, where the numbers of `now` carry noise of this standard deviation (a ridge), so that
/// words near those of the texts go where these go.
template <class Model>
void carry_text(Model& model, const walt::text_batch& before, const walt::text_batch& now, double noise) {
    walt::require(before.valid == now.valid && before.dim == now.dim,
                  "texts of {} positions of {} numbers came in place of {} of {}", now.valid.size(), now.dim,
                  before.valid.size(), before.dim);
    const auto Dt = static_cast<std::size_t>(now.dim), n = Dt + 1; // the last is the bias
    const walt::parameter_row *weight = nullptr, *bias = nullptr;
    for (const walt::parameter_row& row : Model::table()) {
        if (row.name == "text_proj.weight") weight = &row;
        if (row.name == "text_proj.bias") bias = &row;
    }
    walt::require(weight && bias, "a model without text_proj takes no texts");
    const std::size_t D = bias->size;
    std::vector<typename Model::master_type> W(weight->size), b(D);
    model.get(*weight, W);
    model.get(*bias, b);
    std::vector<double> products(n * n), answers(n * D), x(n), y(D);
    double count = 0;
    for (std::size_t p = 0; p < now.valid.size(); ++p) {
        if (!now.valid[p]) continue;
        for (std::size_t k = 0; k < Dt; ++k) x[k] = static_cast<double>(now.vectors[p * Dt + k]);
        x[Dt] = 1;
        for (std::size_t d = 0; d < D; ++d) {
            y[d] = static_cast<double>(b[d]);
            for (std::size_t k = 0; k < Dt; ++k)
                y[d] += static_cast<double>(W[d * Dt + k]) * static_cast<double>(before.vectors[p * Dt + k]);
        }
        for (std::size_t i = 0; i < n; ++i) {
            for (std::size_t j = 0; j < n; ++j) products[i * n + j] += x[i] * x[j];
            for (std::size_t d = 0; d < D; ++d) answers[i * D + d] += x[i] * y[d];
        }
        ++count;
    }
    for (std::size_t k = 0; k < Dt; ++k) products[k * n + k] += noise * noise * count;
    const int size = static_cast<int>(n), columns = static_cast<int>(D);
    const int failed =
        LAPACKE_dposv(LAPACK_ROW_MAJOR, 'L', size, columns, products.data(), size, answers.data(), columns);
    walt::require(failed == 0, "texts of {} positions do not determine a projection of {} numbers: LAPACK says {}",
                  now.valid.size(), Dt, failed);
    for (std::size_t d = 0; d < D; ++d) {
        for (std::size_t k = 0; k < Dt; ++k)
            W[d * Dt + k] = static_cast<typename Model::master_type>(answers[k * D + d]);
        b[d] = static_cast<typename Model::master_type>(answers[Dt * D + d]);
    }
    model.set(*weight, W);
    model.set(*bias, b);
}

} // namespace demo
