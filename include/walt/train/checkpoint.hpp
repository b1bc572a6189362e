// Weights in files, for those who train: see io/weights.hpp.
#pragma once

#include "../io/weights.hpp"
