// What an optimizer is: numbers that a user sets, and a `state` that a trainer makes of them, which owns what is kept
// on the device and steps there. A trainer, a checkpoint and whoever shards know it by this interface alone.
#pragma once

#include "../core/buffer.hpp"
#include "../core/trained.hpp"
#include "../ops/optimizer.hpp"

#include <concepts>
#include <string_view>
#include <vector>

namespace walt {

/// The numbers of one step that do not depend on the gradient.
struct optimizer_step {
    double rate;          ///< the learning rate
    std::int64_t updates; ///< done before it; steps that changed nothing do not count
};

/// What a run trains, and the same as a table of blocks in its device's memory.
template <class Context> class trained_on {
  public:
    trained_on(Context& ctx, const std::vector<parameter_row>& table, const only& chosen) : parameters_(table, chosen) {
        std::vector<trained_block> blocks(parameters_.extent() / block_elements);
        for (const trained_row& of : parameters_.rows())
            for (std::size_t b = 0; b < of.row->padded() / block_elements; ++b)
                blocks[of.offset / block_elements + b] = {
                    static_cast<std::int32_t>(of.row->offset / block_elements + b), of.row->decayed() ? 1 : 0};
        blocks_ = buffer<trained_block>(ctx, blocks.size());
        ctx.upload(blocks_.data(), blocks.data(), blocks.size() * sizeof(trained_block));
    }
    const trained_parameters& parameters() const { return parameters_; }
    view<trained_block, dynamic> blocks() const { return blocks_.all(); }

  private:
    trained_parameters parameters_;
    buffer<trained_block> blocks_;
};

namespace detail {
struct visit_nothing {
    void operator()(std::string_view, const auto&) const {}
};
} // namespace detail

/// O::state<Model>(how, model, trained) allocates; step(numbers, model, gradient, scale) takes the gradient, in the
/// layout of what is trained, times scale [1], changes masters and copies, and leaves the gradient zero; where the
/// scale is NaN, it changes nothing. each_state(visit) calls visit(name, view<A, dynamic>) for every buffer it owns.
template <class O, class Model>
concept optimizer = requires(const O& how, Model& model, const trained_on<typename Model::context_type>& trained,
                             typename O::template state<Model>& state,
                             view<typename Model::master_type, dynamic> gradient,
                             view<const typename Model::master_type, 1> scale) {
    { O::name } -> std::convertible_to<std::string_view>;
    { how.learning_rate } -> std::convertible_to<double>;
    requires std::constructible_from < typename O::template state<Model>,
    const O&, const Model&, const trained_on<typename Model::context_type>& > ;
    state.step(optimizer_step{}, model, gradient, scale);
    state.each_state(detail::visit_nothing{});
};

} // namespace walt
