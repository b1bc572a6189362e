// A golden denoiser file on all devices of the host and in all element types.
#pragma once

#include <walt/cpu.hpp>

#include "golden_denoiser.hpp"

namespace walt::testing {

/// All of a file on all devices and types.
template <class Config> void check_golden_on_all(const char* name) {
#ifndef WALT_TEST_WITHOUT_BF16 // that unit is there for the cpu device
    check_golden_denoiser<reference::context, Config, double>(name);
    check_golden_denoiser<reference::context, Config, float>(name);
#endif
    check_golden_denoiser<cpu::context, Config, float>(name);
    check_golden_denoiser<cpu::context, Config, float>(name, activations::rematerialise);
    check_golden_denoiser<cpu::context, Config, bf16>(name);
}
template <class Config> void check_ddim_on_all(const char* name) {
#ifndef WALT_TEST_WITHOUT_BF16 // that unit is there for the cpu device
    check_golden_ddim<reference::context, Config, double>(name);
    check_golden_ddim<reference::context, Config, float>(name);
#endif
    check_golden_ddim<cpu::context, Config, float>(name);
    check_golden_ddim<cpu::context, Config, bf16>(name);
}

} // namespace walt::testing
