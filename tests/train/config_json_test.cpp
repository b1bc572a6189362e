// Configs as JSON: files of another implementation, which leave defaults at 0, name the same models.
#include "catch.hpp"

#include <walt/config/denoiser.hpp>
#include <walt/config/json.hpp>
#include <walt/io/safetensors.hpp>
#include <walt/tokenizer/config.hpp>

#include <regex>

using namespace walt;

namespace {

struct by_class : denoiser_config {
    static constexpr int frames = 3, height = 4, width = 6, channels = 4, hidden = 24, heads = 3, depth = 4,
                         classes = 5;
    static constexpr window spatiotemporal_window{0, 2, 3};
};
struct explicit_class : by_class { // what the zeros of by_class mean
    static constexpr int mlp_hidden = 96;
    static constexpr window spatial_window{1, 4, 6}, spatiotemporal_window{3, 2, 3};
};
struct full : denoiser_config {
    static constexpr int frames = 3, height = 4, width = 4, channels = 2, hidden = 16, heads = 2, depth = 2;
    static constexpr bool self_conditioning = false;
    static constexpr attention_pattern pattern = attention_pattern::full;
};
struct spatial : denoiser_config {
    static constexpr int frames = 2, height = 6, width = 6, channels = 2, hidden = 16, heads = 2, depth = 2,
                         adaln_rank = 3;
    static constexpr bool self_conditioning = false;
    static constexpr attention_pattern pattern = attention_pattern::spatial;
    static constexpr window spatial_window{1, 3, 2};
};
struct known_frames : denoiser_config {
    static constexpr int frames = 5, height = 8, width = 4, channels = 3, patch = 2, hidden = 20, heads = 2, depth = 3,
                         classes = 2;
    static constexpr int adaln_rank = 0;
    static constexpr bool qk_norm = false, frame_prediction = true;
    static constexpr window spatiotemporal_window{0, 2, 1};
};
struct text_to_video : denoiser_config {
    static constexpr int frames = 3, height = 8, width = 12, channels = 4, patch = 2, hidden = 24, heads = 4, depth = 4,
                         adaln_rank = 4;
    static constexpr int text_dim = 10, text_tokens = 6;
    static constexpr bool super_resolution = true;
    static constexpr window spatiotemporal_window{0, 2, 3};
};
struct groups : tokenizer_config {
    static constexpr int channels = 12, blocks = 1, latent = 5, norm_groups = 4;
    static constexpr std::array<int, 2> multipliers{1, 2};
    static constexpr std::array<int, 1> time_strides{2};
};

json golden_config(const char* name) {
    const safetensors_file file(std::string(WALT_TEST_DATA) + "/golden/" + name + ".safetensors");
    return json::parse(name, file.metadata().at("config"));
}
struct to_both_sides : groups {
    static constexpr bool causal = false;
};

} // namespace

TEST_CASE("the configs of the golden files are those of the models they test") {
    const auto differences = [](const char* name, auto config) {
        return config_differences(resolved_config(golden_config(name)), config_json<decltype(config)>());
    };
    CHECK(differences("denoiser_class", by_class{}) == "");
    CHECK(differences("denoiser_full", full{}) == "");
    CHECK(differences("denoiser_spatial", spatial{}) == "");
    CHECK(differences("denoiser_frame_prediction", known_frames{}) == "");
    CHECK(differences("denoiser_text_sr", text_to_video{}) == "");
    CHECK(config_differences(golden_config("tokenizer_groups"), config_json<groups>()) == "");
}

TEST_CASE("a tokenizer's config says its edges where they are not those of older files") {
    CHECK(config_differences(golden_config("tokenizer_groups"), config_json<to_both_sides>()) ==
          "causal is absent in the file and false in the model");
}

TEST_CASE("a default and its explicit value are one config") {
    CHECK(config_json<by_class>() == config_json<explicit_class>());
    CHECK(config_differences(resolved_config(json::parse("mine", config_json<by_class>())),
                             config_json<explicit_class>()) == "");
}

TEST_CASE("every field that differs is named, with both values") {
    const std::string golden = golden_config("denoiser_class").text();
    std::string changed = std::regex_replace(golden, std::regex(R"("frames":3)"), R"("frames":7)");
    changed = std::regex_replace(changed, std::regex(R"("s_window":\[0,0\])"), R"("s_window":[2,0])");
    changed = std::regex_replace(changed, std::regex(R"("classes":5)"), R"("colour":"blue")");
    const json other = json::parse("changed", changed);
    CHECK(config_differences(resolved_config(other), config_json<by_class>()) ==
          "frames is 7 in the file and 3 in the model; s_window is [2,6] in the file and [4,6] in the model; "
          "classes is absent in the file and 5 in the model; colour is \"blue\" in the file and absent in the model");
}

TEST_CASE("a config with values of the wrong kind differs, and nothing worse") {
    const json strange = json::parse(
        "strange", R"({"patch": 0, "height": "four", "mlp_hidden": null, "st_window": 3, "s_window": [0, "x"],
                       "pattern": [1], "hidden": 9223372036854775807})");
    CHECK(config_differences(resolved_config(strange), config_json<by_class>()) != "");
    CHECK(config_differences(resolved_config(json::parse("none", "{}")), config_json<by_class>()) != "");
}
