# A gradient that is no number changes the parameters.
set(test optimizer)
set(header ops/cuda/optimizer.cuh)
set(right "if (isnan(*scale)) return;")
set(wrong "")
