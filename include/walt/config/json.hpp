// A config as JSON, which files of weights carry. Defaults are resolved, so that equal models have equal JSON.
#pragma once

#include "../tokenizer/config.hpp"
#include "denoiser.hpp"

#include <nlohmann/json.hpp>

namespace walt {

template <class Config>
concept is_denoiser_config = requires { Config::adaln_rank; };

/// The fields of spec 1.1 or of spec 3.
template <class Config> nlohmann::ordered_json config_json() {
    if constexpr (is_denoiser_config<Config>) {
        using dims = dimensions<Config>;
        constexpr const char* patterns[] = {"alternating", "spatial", "spatiotemporal", "full"};
        return {{"frames", Config::frames}, {"height", Config::height}, {"width", Config::width}, {"channels", Config::channels},
                {"patch", Config::patch}, {"hidden", Config::hidden}, {"heads", Config::heads}, {"depth", Config::depth},
                {"mlp_hidden", dims::mlp_hidden}, {"st_window", {dims::st_height, dims::st_width}},
                {"s_window", {dims::s_height, dims::s_width}}, {"pattern", patterns[static_cast<int>(Config::pattern)]},
                {"adaln_rank", Config::adaln_rank}, {"qk_norm", Config::qk_norm}, {"self_conditioning", Config::self_conditioning},
                {"classes", Config::classes}, {"text_dim", Config::text_dim}, {"text_tokens", Config::text_tokens},
                {"frame_prediction", Config::frame_prediction}, {"super_resolution", Config::super_resolution}};
    } else {
        return {{"channels", Config::channels}, {"multipliers", Config::multipliers}, {"blocks", Config::blocks},
                {"time_strides", Config::time_strides}, {"latent", Config::latent}, {"in_channels", Config::in_channels},
                {"norm_groups", Config::norm_groups}};
    }
}

/// "frames is 5 in the file and 3 in the model; ..." for every field that differs, empty where none does.
inline std::string config_differences(const nlohmann::ordered_json& file, const nlohmann::ordered_json& model) {
    std::string text;
    const auto value = [](const nlohmann::ordered_json& of, const std::string& key) { return of.contains(key) ? of[key].dump() : "absent"; };
    const auto add = [&](const std::string& key) {
        if (value(file, key) != value(model, key))
            text += (text.empty() ? "" : "; ") + key + " is " + value(file, key) + " in the file and " + value(model, key) + " in the model";
    };
    for (const auto& [key, unused] : model.items()) add(key);
    for (const auto& [key, unused] : file.items())
        if (!model.contains(key)) add(key);
    return text;
}

} // namespace walt
