// What a measure gives.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace walt {

/// Numbers with their names, in order.
using named_numbers = std::vector<std::pair<std::string, double>>;

} // namespace walt
