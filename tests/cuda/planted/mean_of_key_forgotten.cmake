# The gradient of QK norm leaves out the mean.
set(header ops/cuda/qk_norm.cuh)
set(right "return {factor, factor * of.mean};")
set(wrong "return {factor, 0};")
