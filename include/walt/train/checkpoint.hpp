// Weights in files (safetensors; spec, conventions): PyTorch's names, shapes and order, with the config beside them.
#pragma once

#include "../config/json.hpp"
#include "../core/model.hpp"
#include "../io/safetensors.hpp"

namespace walt {

inline constexpr const char* version = "0.1.0";

namespace detail {
/// Refuses a file whose walt.config differs from Config's, naming the fields. A file without one is taken as it is.
template <class Config> void check_config(const safetensors_file& file) {
    const auto stored = file.metadata().find("walt.config");
    if (stored == file.metadata().end()) return;
    const json config = json::parse(file.path() + "'s walt.config", stored->second);
    require(config.is_object(), "{}'s walt.config is not a JSON object", file.path());
    const std::string differences =
        config_differences(is_denoiser_config<Config> ? resolved_config(config) : config, config_json<Config>());
    require(differences.empty(), "{} holds another model: {}", file.path(), differences);
}
} // namespace detail

/// Writes a model's masters, stored as Stored (float or bf16), whole or not at all.
template <class Stored, class Model> void save_weights(const std::filesystem::path& path, const Model& model) {
    const auto masters = model.host_masters();
    std::vector<std::vector<Stored>> tensors;
    for (const parameter_row& row : parameter_table<typename Model::module_type>()) {
        std::vector<Stored>& stored = tensors.emplace_back(row.size);
        for (std::size_t i = 0; i < row.size; ++i)
            stored[place_in_file(row, i)] = static_cast<Stored>(masters[row.offset + i]);
    }
    safetensors_writer file;
    file.metadata("walt.config", config_json<typename Model::config_type>());
    file.metadata("walt.version", version);
    std::size_t i = 0;
    for (const parameter_row& row : parameter_table<typename Model::module_type>())
        file.add<Stored>(row.name, row.shape, tensors[i++]);
    file.save(path);
}

/// Reads a model's masters. The file must have exactly the model's tensors, each with its shape (F32, F64 or BF16), and
/// its config; otherwise walt::error says which is wrong and the model stays as it was.
template <class Model> void load_weights(const std::filesystem::path& path, Model& model) {
    using A = typename Model::master_type;
    const safetensors_file file(path);
    detail::check_config<typename Model::config_type>(file);
    std::vector<A> masters(Model::extent);
    const auto& table = parameter_table<typename Model::module_type>();
    for (const parameter_row& row : table) {
        const std::vector<A> stored = file.read<A>(row.name, row.shape);
        for (std::size_t i = 0; i < row.size; ++i) masters[row.offset + i] = stored[place_in_file(row, i)];
    }
    for (const auto& stored : file.tensors())
        require(
            std::any_of(table.begin(), table.end(), [&](const parameter_row& row) { return row.name == stored.first; }),
            "{} has a tensor {}, which this model does not have", path.string(), stored.first);
    model.assign(masters);
}

} // namespace walt
