# The halves of a matrix fragment of keys change places.
set(header ops/cuda/tile_products.cuh)
set(right "            load_matrices<false>(right, b + (8 * n + lane() % 8 + lane() / 16 * 8) * Stride + k + lane() / 8 % 2 * 8);
            mma(c.at[n], left, right[0], right[1]);
")
set(wrong "            load_matrices<false>(right, b + (8 * n + lane() % 8 + lane() / 16 * 8) * Stride + k + lane() / 8 % 2 * 8);
            mma(c.at[n], left, right[1], right[0]);
")
