# The gradient of QK norm leaves out the mean.
set(header ops/cuda/qk_norm.cuh)
set(right "float2{factor, factor * of.mean}")
set(wrong "float2{factor, 0}")
