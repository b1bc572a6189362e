// A config as JSON, which files of weights carry. Defaults are resolved, so that equal models have equal JSON.
#pragma once

#include "../io/json.hpp"
#include "../tokenizer/config.hpp"
#include "denoiser.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace walt {

template <class Config>
concept is_denoiser_config = requires {
    Config::adaln_rank;
};

/// The fields of spec 1.1 or of spec 3, as the text of a JSON object.
template <class Config> std::string config_json() {
    json_fields fields;
    if constexpr (is_denoiser_config<Config>) {
        using dims = dimensions<Config>;
        constexpr std::string_view patterns[] = {"alternating", "spatial", "spatiotemporal", "full"};
        fields("frames", Config::frames)("height", Config::height)("width", Config::width);
        fields("channels", Config::channels)("patch", Config::patch)("hidden", Config::hidden);
        fields("heads", Config::heads)("depth", Config::depth)("mlp_hidden", dims::mlp_hidden);
        fields("st_window", std::array{dims::st_height, dims::st_width});
        fields("s_window", std::array{dims::s_height, dims::s_width});
        fields("pattern", patterns[static_cast<int>(Config::pattern)]);
        fields("adaln_rank", Config::adaln_rank)("qk_norm", Config::qk_norm);
        fields("self_conditioning", Config::self_conditioning)("classes", Config::classes);
        fields("text_dim", Config::text_dim)("text_tokens", Config::text_tokens);
        fields("frame_prediction", Config::frame_prediction)("super_resolution", Config::super_resolution);
        if (Config::numbers > 0) fields("numbers", Config::numbers); // files of before have no such field
    } else {
        fields("channels", Config::channels)("multipliers", Config::multipliers)("blocks", Config::blocks);
        fields("time_strides", Config::time_strides)("latent", Config::latent);
        fields("in_channels", Config::in_channels)("norm_groups", Config::norm_groups);
    }
    return fields.text();
}

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
