// Weights in files (safetensors; docs/model.md, conventions): PyTorch's names, shapes and order, with the config beside
// them. Everything goes tensor by tensor: beside the model, one tensor lies in memory.
#pragma once

#include "../config/stored_config.hpp"
#include "../core/model.hpp"
#include "../core/trained.hpp"
#include "safetensors_writer.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

namespace walt {

namespace detail {
/// A tensor of the file as T, in memory order. `staging` is used again and again. Refuses what is not finite.
template <class T>
void read_parameter(const safetensors_file& file, const parameter_row& row, std::span<T> memory,
                    std::vector<T>& staging) {
    if (row.channels_last) staging.resize(row.size);
    const std::span<T> read = row.channels_last ? std::span<T>(staging) : memory;
    file.read_into(row.name, read);
    file.require_finite(row.name, std::span<const T>(read));
    for (std::size_t i = 0; row.channels_last && i < row.size; ++i) memory[i] = staging[place_in_file(row, i)];
}

/// Reads every parameter of a model that is named from the file that has it, and calls use(row, values).
template <class Model> void each_parameter(auto&& file_of, const only& named, auto&& use) {
    std::vector<typename Model::master_type> values, staging;
    for (const parameter_row& row : Model::table()) {
        if (!named.contains(row.name)) continue;
        values.resize(row.size);
        read_parameter(file_of(row.name), row, std::span(values), staging);
        use(row, values);
    }
}
/// Sets a model's parameters, whose names and shapes were checked; `whole`: none before all were found to be finite.
template <class Model> void set_parameters(Model& model, auto&& file_of, bool whole, const only& named = {}) {
    if (whole) each_parameter<Model>(file_of, named, [](const parameter_row&, const auto&) {});
    each_parameter<Model>(file_of, named,
                          [&](const parameter_row& row, const auto& values) { model.set(row, values); });
}

/// Refuses a file that has not exactly the model's tensors, each with its shape and of real numbers, and its config.
template <class Model> void check_weights(const safetensors_file& file) {
    check_config<Model>(file);
    std::unordered_set<std::string> known;
    for (const parameter_row& row : Model::table()) {
        file.template check<typename Model::master_type>(row.name, row.shape);
        known.insert(row.name);
    }
    for (const auto& [name, stored] : file.tensors())
        require(known.contains(name), "{} has a tensor {}, which this model does not have", file.path(), name);
}
} // namespace detail

/// Writes a model's masters, stored as Stored (float or bf16), whole or not at all; `metadata` says more of them.
template <class Stored, class Model>
void save_weights(const std::filesystem::path& path, const Model& model,
                  const std::map<std::string, std::string>& metadata = {}) {
    safetensors_writer file;
    write_config<Model>(file);
    for (const auto& [key, value] : metadata) file.metadata(key, value);
    for (const parameter_row& row : Model::table())
        file.add(row.name, std::string(dtype_name<Stored>()), row.shape, [&](const safetensors_writer::write& write) {
            std::vector<typename Model::master_type> values(row.size);
            model.get(row, values);
            std::vector<Stored> stored(row.size);
            for (std::size_t i = 0; i < row.size; ++i) stored[place_in_file(row, i)] = static_cast<Stored>(values[i]);
            write(std::as_bytes(std::span(stored)));
        });
    file.save(path);
}

/// Reads a model's masters. The file must have exactly the model's tensors, each with its shape (F32, F64, BF16 or
/// F16) and finite numbers, and its config; otherwise walt::error says which is wrong and the model stays as it was. (A
/// disk that fails while the numbers are read leaves some of them new.)
template <class Model> void load_weights(const std::filesystem::path& path, Model& model) {
    const safetensors_file file(path);
    detail::check_weights<Model>(file);
    detail::set_parameters(
        model, [&](const std::string&) -> const safetensors_file& { return file; }, true);
}

/// Reads those of a model's parameters that are named, only("encoder.*", "latent.*"), and leaves the others as they
/// are: of a file of any model that has them, each with its shape. Every name must fit one or more.
template <class Model> void load_weights(const std::filesystem::path& path, Model& model, const only& named) {
    const safetensors_file file(path);
    for (const std::string& pattern : named.patterns)
        require(std::any_of(Model::table().begin(), Model::table().end(),
                            [&](const parameter_row& row) { return only::matches(pattern, row.name); }),
                "load_weights: {} names no parameter of this model, such as {}", pattern, Model::table().front().name);
    for (const parameter_row& row : Model::table())
        if (named.contains(row.name)) file.template check<typename Model::master_type>(row.name, row.shape);
    detail::set_parameters(
        model, [&](const std::string&) -> const safetensors_file& { return file; }, true, named);
}

/// denoiser model(device, config{}, compute<bf16>, weights_file("weights.safetensors")): for inference, with the file's
/// values. It keeps the compute type's copy, and in the masters' type only what is read exactly.
class weights_file {
  public:
    using storage = inference;
    explicit weights_file(std::filesystem::path path) : path_(std::move(path)) {}
    const std::filesystem::path& path() const { return path_; }
    template <class Model, class Memory> void fill(Model& model, Memory&) const {
        const safetensors_file file(path_);
        detail::check_weights<Model>(file);
        detail::set_parameters(
            model, [&](const std::string&) -> const safetensors_file& { return file; }, false);
    }

  private:
    std::filesystem::path path_;
};

} // namespace walt
