# The next tile of keys may arrive while other warps still read this one.
set(header attention_tiles.cuh)
set(right "        use(stage);
        __syncthreads();
")
set(wrong "        use(stage);
")
