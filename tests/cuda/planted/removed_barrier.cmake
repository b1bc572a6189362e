# The next tile of keys may arrive while other warps still read this one.
set(header ops/cuda/attention_tiles.cuh)
set(right "        use(t, stage);
        __syncthreads();
")
set(wrong "        use(t, stage);
")
