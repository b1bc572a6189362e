# The moments of a norm's shares are joined as if all had the same size.
set(test group_norm)
set(header ops/cuda/group_norm.cuh)
set(right "distance * distance * count * share")
set(wrong "distance * distance * count")
