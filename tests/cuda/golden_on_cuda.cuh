// A golden denoiser file on the CUDA device, in float and in bf16.
#pragma once

#include <walt/cuda.cuh>

#include "../transformer/golden_denoiser.hpp"

namespace walt::testing {

template <class Config> void check_golden_on_cuda(const char* name) {
    check_golden_denoiser<walt::cuda::context, Config, float>(name);
    check_golden_denoiser<walt::cuda::context, Config, float>(name, activations::rematerialise);
    check_golden_denoiser<walt::cuda::context, Config, bf16>(name);
}
template <class Config> void check_ddim_on_cuda(const char* name) {
    check_golden_ddim<walt::cuda::context, Config, float>(name);
    check_golden_ddim<walt::cuda::context, Config, bf16>(name);
}

} // namespace walt::testing
