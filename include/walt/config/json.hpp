// A config as JSON, which files of weights carry. A config, or a module that has none, says its own fields:
//     static constexpr void describe(auto&& field) { field("width", width); field("names", std::array{...}); }
// Where configs inherit from each other, describe takes the last of them: template <class Config> ... describe(auto&&
// field).
#pragma once

#include "../io/json.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace walt {

namespace detail {
struct any_description {
    constexpr void operator()(std::string_view, const auto&) const {}
};
} // namespace detail

template <class Config>
concept described_for_heirs = requires {
    Config::template describe<Config>(detail::any_description{});
};
template <class Config>
concept described = described_for_heirs<Config> || requires {
    Config::describe(detail::any_description{});
};

/// The fields as the config describes them, as the text of a JSON object; an empty one where it does not.
template <class Config> std::string config_json() {
    json_fields fields;
    if constexpr (described_for_heirs<Config>) Config::template describe<Config>(fields);
    else if constexpr (described<Config>) Config::describe(fields);
    return fields.text();
}

template <class Config>
concept is_denoiser_config = requires {
    Config::adaln_rank;
};

/// A denoiser's config as a file may give it, with its defaults written out as config_json writes them: 0 is 4 hidden
/// for mlp_hidden and the whole frame for a window's side; a window that the pattern does not use follows the one it
/// does.
inline json resolved_config(const json& given) {
    json file = given.copy();
    const auto natural = [&](const char* key) { return file[key].natural().value_or(0); };
    const auto made = [](const auto& value) { return json::parse("a config", json_text(value)); };
    const std::int64_t patch = std::max<std::int64_t>(1, natural("patch"));
    const std::array frame{natural("height") / patch, natural("width") / patch};
    if (file.contains("mlp_hidden") && natural("mlp_hidden") == 0)
        file.set("mlp_hidden", made(4 * std::min(natural("hidden"), std::int64_t{1} << 60)));
    for (const char* key : {"st_window", "s_window"}) {
        const json sides = file[key];
        if (!sides.is_array() || sides.size() != 2) continue;
        const auto side = [&](std::size_t i) {
            return sides[i].natural() == 0 ? json_text(frame[i]) : sides[i].text();
        };
        file.set(key, json::parse("a config", fmt::format("[{},{}]", side(0), side(1))));
    }
    const std::string pattern = file["pattern"].string();
    if (pattern == "full") file.set("st_window", made(frame)), file.set("s_window", made(frame));
    if (pattern == "spatial" && file.contains("s_window")) file.set("st_window", file["s_window"]);
    if (pattern == "spatiotemporal" && file.contains("st_window")) file.set("s_window", file["st_window"]);
    return file;
}

/// "frames is 5 in the file and 3 in the model; ..." for every field that differs, empty where none does.
inline std::string config_differences(const json& file, const std::string& model_text) {
    const json model = json::parse("the model's config", model_text);
    std::string text;
    const auto value = [](const json& of, const std::string& key) {
        return of.contains(key) ? of[key].text() : "absent";
    };
    const auto add = [&](const std::string& key) {
        if (value(file, key) != value(model, key))
            text += fmt::format("{}{} is {} in the file and {} in the model", text.empty() ? "" : "; ", key,
                                value(file, key), value(model, key));
    };
    model.each([&](const std::string& key, const json&) { add(key); });
    file.each([&](const std::string& key, const json&) {
        if (!model.contains(key)) add(key);
    });
    return text;
}

} // namespace walt
