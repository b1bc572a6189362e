// A config as JSON, which files of weights carry. Defaults are resolved, so that equal models have equal JSON.
#pragma once

#include "../tokenizer/config.hpp"
#include "denoiser.hpp"

#include <nlohmann/json.hpp>

namespace walt {

template <class Config>
concept is_denoiser_config = requires {
    Config::adaln_rank;
};

/// The fields of spec 1.1 or of spec 3.
template <class Config> nlohmann::ordered_json config_json() {
    if constexpr (is_denoiser_config<Config>) {
        using dims = dimensions<Config>;
        constexpr const char* patterns[] = {"alternating", "spatial", "spatiotemporal", "full"};
        return {{"frames", Config::frames},
                {"height", Config::height},
                {"width", Config::width},
                {"channels", Config::channels},
                {"patch", Config::patch},
                {"hidden", Config::hidden},
                {"heads", Config::heads},
                {"depth", Config::depth},
                {"mlp_hidden", dims::mlp_hidden},
                {"st_window", {dims::st_height, dims::st_width}},
                {"s_window", {dims::s_height, dims::s_width}},
                {"pattern", patterns[static_cast<int>(Config::pattern)]},
                {"adaln_rank", Config::adaln_rank},
                {"qk_norm", Config::qk_norm},
                {"self_conditioning", Config::self_conditioning},
                {"classes", Config::classes},
                {"text_dim", Config::text_dim},
                {"text_tokens", Config::text_tokens},
                {"frame_prediction", Config::frame_prediction},
                {"super_resolution", Config::super_resolution}};
    } else {
        return {{"channels", Config::channels},      {"multipliers", Config::multipliers},
                {"blocks", Config::blocks},          {"time_strides", Config::time_strides},
                {"latent", Config::latent},          {"in_channels", Config::in_channels},
                {"norm_groups", Config::norm_groups}};
    }
}

/// A denoiser's config as a file may give it, with its defaults written out as config_json writes them: 0 is 4 hidden
/// for mlp_hidden and the whole frame for a window's side; a window that the pattern does not use follows the one it
/// does.
inline nlohmann::json resolved_config(nlohmann::json file) {
    const auto natural = [&](const char* key) {
        return file.contains(key) && file[key].is_number_integer() ? file[key].get<std::uint64_t>() : 0;
    };
    const std::uint64_t patch = std::max<std::uint64_t>(1, natural("patch"));
    const nlohmann::json frame = {natural("height") / patch, natural("width") / patch};
    if (file.contains("mlp_hidden") && natural("mlp_hidden") == 0) file["mlp_hidden"] = 4 * natural("hidden");
    for (const char* key : {"st_window", "s_window"})
        if (file.contains(key) && file[key].is_array() && file[key].size() == 2)
            for (std::size_t side = 0; side < 2; ++side)
                if (file[key][side] == 0) file[key][side] = frame[side];
    const nlohmann::json pattern = file.contains("pattern") ? file["pattern"] : nlohmann::json();
    if (pattern == "full") file["st_window"] = file["s_window"] = frame;
    if (pattern == "spatial" && file.contains("s_window")) file["st_window"] = file["s_window"];
    if (pattern == "spatiotemporal" && file.contains("st_window")) file["s_window"] = file["st_window"];
    return file;
}

/// "frames is 5 in the file and 3 in the model; ..." for every field that differs, empty where none does.
inline std::string config_differences(const nlohmann::json& file, const nlohmann::ordered_json& model) {
    std::string text;
    const auto value = [](const auto& of, const std::string& key) {
        return of.contains(key) ? of[key].dump() : "absent";
    };
    const auto add = [&](const std::string& key) {
        if (value(file, key) != value(model, key))
            text += (text.empty() ? "" : "; ") + key + " is " + value(file, key) + " in the file and " +
                    value(model, key) + " in the model";
    };
    for (const auto& [key, unused] : model.items()) add(key);
    for (const auto& [key, unused] : file.items())
        if (!model.contains(key)) add(key);
    return text;
}

} // namespace walt
