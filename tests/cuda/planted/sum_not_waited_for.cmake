# The next sum of a block begins before all threads have read this one.
set(test latent_statistics)
set(header ops/cuda/block_sum.cuh)
set(right "        __syncthreads();
        return all;")
set(wrong "        return all;")
