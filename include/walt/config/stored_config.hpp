// The config that a file of weights or of a run's state carries: what model it is of.
#pragma once

#include "../core/version.hpp"
#include "../io/safetensors.hpp"
#include "description.hpp"
#include "json.hpp"

#include <string>

namespace walt {

/// Adds walt.version, and walt.config where the model has a description.
template <class Model, class Writer> void write_config(Writer& file) {
    if constexpr (described<description<Model>>) file.metadata("walt.config", config_json<description<Model>>());
    file.metadata("walt.version", version);
}

/// Refuses a file whose walt.config differs from the model's, naming the fields. A file without one is taken as it is,
/// and so is every file by a model that has no description.
template <class Model> void check_config(const safetensors_file& file) {
    using config = description<Model>;
    if constexpr (described<config>) {
        const auto stored = file.metadata().find("walt.config");
        if (stored == file.metadata().end()) return;
        const json found = json::parse(file.path() + "'s walt.config", stored->second);
        require(found.is_object(), "{}'s walt.config is not a JSON object", file.path());
        const std::string differences =
            config_differences(is_denoiser_config<config> ? resolved_config(found) : found, config_json<config>());
        require(differences.empty(), "{} holds another model: {}", file.path(), differences);
    }
}

} // namespace walt
