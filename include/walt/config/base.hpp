// What a config is a config of: it derives from its network's base, which has every field.
#pragma once

#include "../core/none.hpp"

#include <type_traits>

namespace walt {

struct denoiser_config;  // config/denoiser.hpp
struct tokenizer_config; // tokenizer/config.hpp
struct critic_config;    // critic/config.hpp

/// The one of these from which Config derives, or which it is; none where there is none.
template <class Config>
using config_base = std::conditional_t<
    std::is_base_of_v<denoiser_config, Config>, denoiser_config,
    std::conditional_t<std::is_base_of_v<tokenizer_config, Config>, tokenizer_config,
                       std::conditional_t<std::is_base_of_v<critic_config, Config>, critic_config, none>>>;

namespace rules {

template <class Config> constexpr bool a_config_has_a_base() {
    constexpr bool holds = !is_none<config_base<Config>>;
    static_assert(holds, "a config must derive from its network's base, which has the fields that it does not say: "
                         "walt::denoiser_config, walt::tokenizer_config or walt::critic_config");
    return holds;
}
template <class Config> constexpr bool fields_are_constants() {
    constexpr bool holds = std::is_empty_v<Config>;
    static_assert(holds, "every field of a config must be static constexpr, and this config has one that is not");
    return holds;
}
template <class Config, class Base = config_base<Config>> constexpr bool a_denoiser_takes_a_denoisers_config() {
    constexpr bool holds = std::is_same_v<Base, denoiser_config>;
    static_assert(holds, "a denoiser takes a denoiser's config, which derives from walt::denoiser_config; this one has "
                         "the base of another network");
    return holds;
}
template <class Config, class Base = config_base<Config>> constexpr bool a_tokenizer_takes_a_tokenizers_config() {
    constexpr bool holds = std::is_same_v<Base, tokenizer_config>;
    static_assert(holds, "a tokenizer takes a tokenizer's config, which derives from walt::tokenizer_config; this one "
                         "has the base of another network");
    return holds;
}
template <class Config, class Base = config_base<Config>> constexpr bool a_critic_takes_a_critics_config() {
    constexpr bool holds = std::is_same_v<Base, critic_config>;
    static_assert(holds, "a critic takes a critic's config, which derives from walt::critic_config; this one has the "
                         "base of another network");
    return holds;
}

} // namespace rules

namespace detail {
template <class Config, class Base> constexpr bool is_config_of() {
    if constexpr (!rules::a_config_has_a_base<Config>()) return false;
    else if constexpr (!rules::fields_are_constants<Config>()) return false;
    else if constexpr (std::is_same_v<Base, denoiser_config>)
        return rules::a_denoiser_takes_a_denoisers_config<Config>();
    else if constexpr (std::is_same_v<Base, tokenizer_config>)
        return rules::a_tokenizer_takes_a_tokenizers_config<Config>();
    else return rules::a_critic_takes_a_critics_config<Config>();
}
} // namespace detail

/// Config where it is one of Base's network. Else a sentence, and Base: what is built on that says nothing more.
template <class Config, class Base>
using config_of = std::conditional_t<detail::is_config_of<Config, Base>(), Config, Base>;

} // namespace walt
