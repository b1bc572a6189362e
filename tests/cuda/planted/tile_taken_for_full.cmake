# A tile that lacks rows is taken for a full one.
set(header ops/cuda/attention_tiles.cuh)
set(right "return Count % own_rows == 0 || first + Rows <= Count;")
set(wrong "return Count % own_rows == 0 || first < Count;")
