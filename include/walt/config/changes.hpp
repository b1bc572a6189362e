// What a config changes of its base, as text: a field whose name is misspelt changes nothing, and is missed there.
#pragma once

#include "../core/error.hpp"
#include "base.hpp"
#include "description.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace walt {

namespace detail {

/// A field's value: 5, true, full, [1, 2, 4].
template <class Value> std::string field_text(const Value& value) {
    if constexpr (requires { value.size(); }) {
        std::string list = "[";
        for (const auto& one : value) list += fmt::format("{}{}", list.size() == 1 ? "" : ", ", one);
        return list + "]";
    } else return fmt::format("{}", value);
}

/// A config's fields and their values in the order in which it describes them.
class described_fields {
  public:
    template <class Value> void operator()(std::string_view name, const Value& value) {
        fields_.emplace_back(name, field_text(value));
    }
    auto begin() const { return fields_.begin(); }
    auto end() const { return fields_.end(); }
    /// Nothing for a field that is not described, which has its default.
    std::optional<std::string> value_of(std::string_view name) const {
        const auto found = std::find_if(begin(), end(), [&](const auto& field) { return field.first == name; });
        return found == end() ? std::nullopt : std::optional(found->second);
    }

  private:
    std::vector<std::pair<std::string, std::string>> fields_;
};
template <class Config> described_fields fields_of_config() {
    described_fields fields;
    Config::template describe<Config>(fields);
    return fields;
}

/// "hidden 256 (base 1024), depth 8 (base 24)"
inline std::string changes(const described_fields& config, const described_fields& base) {
    std::string text;
    using value_or_none = std::optional<std::string>;
    const auto add = [&](const std::string& name, const value_or_none& now, const value_or_none& before) {
        if (now == before) return;
        text += fmt::format("{}{} {} (base {})", text.empty() ? "" : ", ", name, now.value_or("its default"),
                            before.value_or("its default"));
    };
    for (const auto& [name, value] : config) add(name, value, base.value_of(name));
    for (const auto& [name, value] : base)
        if (!config.value_of(name)) add(name, std::nullopt, value);
    return text;
}

template <class Base> constexpr const char* name_of_base() {
    if constexpr (std::is_same_v<Base, denoiser_config>) return "walt::denoiser_config";
    else if constexpr (std::is_same_v<Base, tokenizer_config>) return "walt::tokenizer_config";
    else return "walt::critic_config";
}

} // namespace detail

/// "hidden 256 (base 1024), depth 8 (base 24)": the fields in which Config differs from Base, a config that it may or
/// may not derive from; empty where it differs in none. What follows from other fields (mlp_hidden, sides of windows)
/// is given as the model has it.
template <class Config, class Base = config_base<Config>> std::string config_changes() {
    return detail::changes(detail::fields_of_config<Config>(), detail::fields_of_config<Base>());
}

/// What a run says of its model's config, a sentence without a full stop; empty where the model has no config of
/// walt's.
template <class Model> std::string config_note() {
    using config = description<Model>;
    using base = config_base<config>;
    if constexpr (is_none<base>) return {};
    else {
        const std::string changes = config_changes<config>();
        return fmt::format("the model's config is {} with {}", detail::name_of_base<base>(),
                           changes.empty() ? "nothing changed" : changes);
    }
}

} // namespace walt
