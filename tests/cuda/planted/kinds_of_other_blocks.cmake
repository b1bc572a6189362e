# A parameter decays as that of another block does.
set(test optimizer)
set(header ops/cuda/optimizer.cuh)
set(right "const trained_block of = blocks[i / packs_of_block];")
set(wrong "const trained_block of = blocks[i / block_elements];")
