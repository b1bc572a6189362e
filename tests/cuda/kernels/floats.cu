// The kernels of float32 models.
#include <walt/config/demo.hpp>
#include <walt/config/presets.hpp>
#include <walt/cuda.cuh>
#include <walt/transformer/denoiser.hpp>

template struct walt::denoiser<walt::cuda::context, walt::presets::demo, float>;
template struct walt::denoiser<walt::cuda::context, walt::presets::cascade_base, float>;
