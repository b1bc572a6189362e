// The config of a model.
#pragma once

#include <type_traits>

namespace walt {

namespace detail {
template <class Model> constexpr auto description_of() {
    if constexpr (requires { typename Model::config_type; }) return std::type_identity<typename Model::config_type>{};
    else if constexpr (requires { typename Model::module_type::config_type; })
        return std::type_identity<typename Model::module_type::config_type>{};
    else return std::type_identity<typename Model::module_type>{};
}
} // namespace detail

/// What describes a model: its config, or its module's, or, where there is none, its module.
template <class Model> using description = typename decltype(detail::description_of<Model>())::type;

} // namespace walt
