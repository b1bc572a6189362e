# A row's sum is read before all of its warps have written theirs.
set(test modulated_norm)
set(header ops/cuda/row_share.cuh)
set(right "            __syncthreads();
            mine = 0;")
set(wrong "            mine = 0;")
