# A product's plan is taken whatever its precision.
set(test recording)
set(header ops/cuda/cublaslt.cuh)
set(right "                        p.tf32,
")
set(wrong "")
