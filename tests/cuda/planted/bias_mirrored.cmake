# The gradient of the bias of the distance d goes to that of -d.
set(header ops/cuda/bias_gradient.cuh)
set(right "sum[i - column + Ww - 1] += at[i];")
set(wrong "sum[column - i + Ww - 1] += at[i];")
