// The version of walt: CMake reads it here.
#pragma once

namespace walt {

inline constexpr const char* version = "0.1.0";

} // namespace walt
