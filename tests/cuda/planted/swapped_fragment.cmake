# The halves of a matrix fragment of keys change places.
set(header ops/cuda/tile_products.cuh)
set(right "mma(c.at[n], left, right[0], right[1])")
set(wrong "mma(c.at[n], left, right[1], right[0])")
