// A trained denoiser goes on with other sizes: the base of the paper's cascade is finetuned to 9:16 (paper sec. 5.3,
// Table 6; docs/model.md 17).
#pragma once

#include "../io/weights.hpp"
#include "denoiser.hpp"
#include "other_grid.hpp"

#include <array>
#include <charconv>
#include <filesystem>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace walt {

namespace detail {
/// A denoiser of Config as checks of files know it.
template <class Config> struct denoiser_on_file {
    using config_type = Config;
    using master_type = float;
    static const std::vector<parameter_row>& table() { return parameter_table<transformer<Config>>(); }
};

/// Where adapted weights come from: a checked file of a denoiser of Config.
template <class Config> struct old_file {
    using storage = inference;
    safetensors_file file;
    explicit old_file(const std::filesystem::path& path) : file(path) { check_weights<denoiser_on_file<Config>>(file); }

    template <class A> void read(const parameter_row& row, std::vector<A>& values) const {
        std::vector<A> staging;
        values.resize(row.size);
        read_parameter(file, row, std::span(values), staging);
    }
};
/// Or such a denoiser itself.
template <class Model> struct old_model {
    using storage = typename Model::storage_type;
    const Model* model;

    template <class A> void read(const parameter_row& row, std::vector<A>& values) const {
        std::vector<typename Model::master_type> own(row.size);
        model->get(row, own);
        values.assign(own.begin(), own.end());
    }
};

/// Windows of a layer's attention: frames, height, width.
template <class Config> std::array<int, 3> windows_of_layer(int layer) {
    using even = typename dimensions<Config>::even_layer;
    using odd = typename dimensions<Config>::odd_layer;
    if (layer % 2 == 0) return {even::window_frames, even::window_height, even::window_width};
    return {odd::window_frames, odd::window_height, odd::window_width};
}
/// The layer whose table of relative bias this is, or -1.
inline int layer_of_bias(std::string_view name) {
    constexpr std::string_view before = "blocks.", behind = ".attn.rel_bias";
    if (!name.starts_with(before) || !name.ends_with(behind)) return -1;
    int layer = -1;
    std::from_chars(name.data() + before.size(), name.data() + name.size(), layer);
    return layer;
}
} // namespace detail

/// Weights for a denoiser of To, made of one of From: a source of weights, as weights_file is.
template <class From, class To, class Source> class adapted {
  public:
    using storage = typename Source::storage;

    /// Throws walt::error where a tensor of either is not in the other, or has another shape there and is no table of
    /// places.
    explicit adapted(Source source) : source_(std::move(source)) {
        for (const parameter_row& row : parameter_table<transformer<To>>())
            pairs_.emplace_back(&counterpart(row), &row);
        for (const parameter_row& row : parameter_table<transformer<From>>())
            require(find(parameter_table<transformer<To>>(), row.name) != nullptr,
                    "adapt: the old model has {} of shape {}, the new one has no such tensor", row.name,
                    detail::shape_text(row.shape));
    }

    /// Sets all of a model's parameters, whatever its storage.
    template <class Model> void fill(Model& model) const {
        static_assert(std::is_same_v<typename Model::config_type, To>,
                      "adapt<From, To> gives the weights of a denoiser of To; this model has another config");
        std::vector<typename Model::master_type> values;
        for (const auto& [old, row] : pairs_) {
            source_.read(*old, values);
            if (row->name == "pos_space")
                values = resized_positions(values, {from::grid_height, from::grid_width},
                                           {to::grid_height, to::grid_width}, to::hidden);
            else if (row->name == "pos_time")
                values = resized_axis(values, from::frames, to::frames, to::hidden, axis_ends::half_cell);
            else if (const int layer = detail::layer_of_bias(row->name); layer >= 0)
                values = resized_bias(std::move(values), detail::windows_of_layer<From>(layer),
                                      detail::windows_of_layer<To>(layer));
            model.set(*row, values);
        }
    }
    template <class Model, class Memory> void fill(Model& model, Memory&) const { fill(model); }

  private:
    using from = dimensions<From>;
    using to = dimensions<To>;

    static const parameter_row* find(const std::vector<parameter_row>& in, std::string_view name) {
        for (const parameter_row& row : in)
            if (row.name == name) return &row;
        return nullptr;
    }
    static const parameter_row& counterpart(const parameter_row& row) {
        const parameter_row* const old = find(parameter_table<transformer<From>>(), row.name);
        require(old != nullptr, "adapt: the new model has {} of shape {}, the old one has no such tensor", row.name,
                detail::shape_text(row.shape));
        const bool positions = row.name == "pos_space" || row.name == "pos_time"; // [places, D]
        const bool bias = detail::layer_of_bias(row.name) >= 0;                   // [heads, places]
        const bool fits = positions ? old->shape[1] == row.shape[1]
                          : bias    ? old->shape[0] == row.shape[0]
                                    : old->shape == row.shape;
        require(fits,
                "adapt: {} has shape {} in the old model and {} in the new one; only places in tables of positions and "
                "of relative bias are resized",
                row.name, detail::shape_text(old->shape), detail::shape_text(row.shape));
        return *old;
    }

    Source source_;
    std::vector<std::pair<const parameter_row*, const parameter_row*>> pairs_; ///< old and new
};

/// adapt<base, wide>(weights_file("base.safetensors")): what denoiser(device, wide{}, compute<bf16>, ...) takes. Equal
/// tensors are copied, tables of positions and of relative bias resized, everything else is refused by name. To go on
/// training: adapt<base, wide>(...).fill(model) of a model that has its masters.
template <class From, class To> auto adapt(const weights_file& old) {
    return adapted<From, To, detail::old_file<From>>(detail::old_file<From>(old.path()));
}
/// Of a model, which must live as long; a model that is made of it has the same storage.
template <class From, class To, class Context, class T, class Storage>
auto adapt(const denoiser<Context, From, T, Storage>& old) {
    using source = detail::old_model<denoiser<Context, From, T, Storage>>;
    return adapted<From, To, source>(source{&old});
}
template <class From, class To, class Context, class T, class Storage>
auto adapt(const denoiser<Context, From, T, Storage>&& old) = delete; // a temporary would be gone

} // namespace walt
