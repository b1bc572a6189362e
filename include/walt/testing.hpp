// Checks of gradients, for your own ops and modules too.
#pragma once

#include "testing/gradient_check.hpp"
#include "testing/module_check.hpp"
#include "testing/on_device.hpp"
#include "testing/relative_error.hpp"
