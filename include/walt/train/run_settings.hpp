// What the logs of a run say of it.
#pragma once

#include "../core/version.hpp"
#include "../io/json.hpp"

#include <string>

namespace walt::detail {

/// {"walt": its version, "seed": the run's, "settings": what the user says of them}.
inline std::string run_settings(const auto& trainer, const std::string& settings) {
    return json_fields()("walt", version)("seed", trainer.options().seed.value)("settings", settings).text();
}

} // namespace walt::detail
