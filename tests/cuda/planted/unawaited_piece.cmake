# A piece of staging memory is filled again while its copies to the GPU are still to come.
set(test staging)
set(environment CUDA_ON_CPU_LAZY=1)
set(header ops/cuda/staging.cuh)
set(right "else check(cudaEventSynchronize(next.done), \"the copies to the GPU\");")
set(wrong "")
