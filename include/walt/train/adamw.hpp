// AdamW (Loshchilov and Hutter; docs/model.md 18).
#pragma once

#include "../core/range.hpp"
#include "optimizer.hpp"

#include <cmath>

namespace walt {

template <class Model> class adamw_state;

struct adamw {
    static constexpr std::string_view name = "adamw";
    static constexpr std::string_view squares = "second_moment"; ///< of its state, what is never negative
    float learning_rate = 5e-4f;
    float beta_1 = 0.9f, beta_2 = 0.99f, epsilon = 1e-8f;
    float weight_decay = 0.01f; ///< of matrices and kernels; biases, norms, tables and embeddings do not decay

    /// Adam as a tokenizer and its critic use it, each against the other (docs/model.md 12): no memory of gradients, no
    /// decay.
    static constexpr adamw adversarial(float rate = 1e-4f) { return {rate, 0.0f, 0.99f, 1e-8f, 0.0f}; }

    void each_option(auto&& option) const {
        option("adamw::learning_rate", learning_rate, ranges::not_negative);
        option("adamw::beta_1", beta_1, ranges::below_one);
        option("adamw::beta_2", beta_2, ranges::below_one);
        option("adamw::epsilon", epsilon, ranges::positive);
        option("adamw::weight_decay", weight_decay, ranges::not_negative);
    }

    template <class Model> using state = adamw_state<Model>;
};

/// Both moments of every trained parameter.
template <class Model> class adamw_state {
  public:
    using A = typename Model::master_type;

    adamw_state(const adamw& how, const Model& model, const trained_on<typename Model::context_type>& trained)
        : how_(how), trained_(&trained), first_(model.context(), trained.parameters().extent()),
          second_(model.context(), trained.parameters().extent()) {}

    void step(const optimizer_step& numbers, const Model& model, view<A, dynamic> gradient, view<const A, 1> scale) {
        const double b1 = static_cast<double>(how_.beta_1), b2 = static_cast<double>(how_.beta_2),
                     t = static_cast<double>(numbers.updates + 1);
        const adamw_update with{numbers.rate,
                                b1,
                                b2,
                                static_cast<double>(how_.epsilon),
                                static_cast<double>(how_.weight_decay),
                                1 - std::pow(b1, t),
                                1 - std::pow(b2, t)};
        ops::adamw(model.context(), with, trained_->blocks(), scale, model.masters(), gradient, first_.all(),
                   second_.all(), model.copies());
    }

    void each_state(auto&& visit) {
        visit("first_moment", first_.all());
        visit("second_moment", second_.all());
    }

  private:
    adamw how_;
    const trained_on<typename Model::context_type>* trained_;
    buffer<A> first_, second_;
};

} // namespace walt
