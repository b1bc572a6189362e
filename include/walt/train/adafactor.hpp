// Adafactor (Shazeer and Stern; docs/model.md 18): the second moments of a matrix are two vectors, so it keeps next to
// nothing.
#pragma once

#include "../core/range.hpp"
#include "../ops/adafactor.hpp"
#include "optimizer.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace walt {

template <class Model> class adafactor_state;

/// As it stands: the style of T5X. adafactor::big_vision() is the other one; both are starting points for your own.
struct adafactor {
    static constexpr std::string_view name = "adafactor";
    static constexpr std::string_view squares = "second_moment"; ///< of its state, what is never negative
    float learning_rate = 1e-2f;
    int factor_from = 128;          ///< matrices with both sides at least this have their second moments as two vectors
    float beta_power = 0.8f;        ///< second moments keep 1 - t^-beta_power of themselves in step t = 1, 2, ...
    float most_beta = 1.0f;         ///< and at most this
    float most_rms = 1.0f;          ///< most that the root mean square of a tensor's update may be; 0: no limit
    bool scale_by_parameter = true; ///< the rate is multiplied with a tensor's root mean square, at least 1e-3
    float momentum = 0;             ///< 0: none, and no memory for it
    float weight_decay = 0;         ///< of matrices and kernels

    /// The style of big_vision: with momentum, without limit and scale.
    static adafactor big_vision(float learning_rate = 1e-3f) {
        adafactor how;
        how.learning_rate = learning_rate;
        how.factor_from = 32;
        how.most_beta = 0.999f;
        how.most_rms = 0;
        how.scale_by_parameter = false;
        how.momentum = 0.9f;
        return how;
    }

    void each_option(auto&& option) const {
        option("adafactor::learning_rate", learning_rate, ranges::not_negative);
        option("adafactor::factor_from", factor_from, ranges::count);
        option("adafactor::beta_power", beta_power, ranges::positive);
        option("adafactor::most_beta", most_beta, ranges::share);
        option("adafactor::most_rms", most_rms, ranges::not_negative);
        option("adafactor::scale_by_parameter", scale_by_parameter, ranges::share);
        option("adafactor::momentum", momentum, ranges::below_one);
        option("adafactor::weight_decay", weight_decay, ranges::not_negative);
    }

    template <class Model> using state = adafactor_state<Model>;
};

/// The vectors of factored matrices, the whole second moments of all else, and the momentum.
template <class Model> class adafactor_state {
  public:
    using A = typename Model::master_type;

    adafactor_state(const adafactor& how, const Model& model, const trained_on<typename Model::context_type>& trained)
        : how_(how) {
        auto& ctx = model.context();
        std::vector<adafactor_tensor> tensors;
        for (const trained_row& of : trained.parameters().rows()) {
            const parameter_row& p = *of.row;
            adafactor_tensor& one = tensors.emplace_back();
            one.master = static_cast<std::int64_t>(p.offset);
            one.at = static_cast<std::int64_t>(of.offset);
            one.size = static_cast<std::int64_t>(p.size);
            one.decayed = p.decayed();
            if (p.is_matrix() && p.shape[0] >= how.factor_from && p.shape[1] >= how.factor_from)
                one.columns = p.shape[1];
            extents_.add(one);
        }
        tensors_ = buffer<adafactor_tensor>(ctx, tensors.size());
        ctx.upload(tensors_.data(), tensors.data(), tensors.size() * sizeof(adafactor_tensor));
        second_ = buffer<A>(ctx, static_cast<std::size_t>(extents_.all_second));
        row_ = buffer<A>(ctx, static_cast<std::size_t>(extents_.all_rows));
        column_ = buffer<A>(ctx, static_cast<std::size_t>(extents_.all_columns));
        mean_ = buffer<A>(ctx, how.momentum > 0 ? trained.parameters().extent() : 0);
    }

    void step(const optimizer_step& numbers, const Model& model, view<A, dynamic> gradient, view<const A, 1> scale) {
        const double t = static_cast<double>(numbers.updates + 1);
        const adafactor_update with{.rate = numbers.rate,
                                    .beta = std::min(1 - std::pow(t, -static_cast<double>(how_.beta_power)),
                                                     static_cast<double>(how_.most_beta)),
                                    .most_rms = static_cast<double>(how_.most_rms),
                                    .least_scale = how_.scale_by_parameter ? 1e-3 : 0.0,
                                    .momentum = static_cast<double>(how_.momentum),
                                    .weight_decay = static_cast<double>(how_.weight_decay)};
        ops::adafactor(model.context(), with, tensors_.all(), extents_, scale, model.masters(), gradient, second_.all(),
                       row_.all(), column_.all(), mean_.all(), model.copies());
    }

    void each_state(auto&& visit) {
        visit("second_moment", second_.all());
        visit("second_moment_of_rows", row_.all());
        visit("second_moment_of_columns", column_.all());
        if (how_.momentum > 0) visit("momentum", mean_.all());
    }

  private:
    adafactor how_;
    buffer<adafactor_tensor> tensors_;
    ops::adafactor_extents extents_;
    buffer<A> second_, row_, column_, mean_;
};

} // namespace walt
