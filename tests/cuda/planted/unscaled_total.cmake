# A softmax's sum is not scaled to the new maximum.
set(header ops/cuda/attention_kernels.cuh)
set(right "            total[h] *= scale[h];
")
set(wrong "")
