# A tile that lacks rows is taken for a full one.
set(header ops/cuda/attention_tiles.cuh)
set(right "Count % Rows == 0 || first + Rows <= Count;")
set(wrong "Count % Rows == 0 || first < Count;")
