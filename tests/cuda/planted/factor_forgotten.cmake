# The gradient of the logits leaves out a row's own factor.
set(header ops/cuda/attention_kernels.cuh)
set(right "of.ds * logit.factor(i)")
set(wrong "of.ds * map.temperature")
