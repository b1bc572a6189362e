# A tile is read before its copies have arrived.
set(header ops/cuda/attention_tiles.cuh)
set(right "        wait_for_groups<Tiles::stages - 1>();
")
set(wrong "")
