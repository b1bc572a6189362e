# A record is replayed whatever the context's precision is by now.
set(test recording)
set(header ops/cuda/context.cuh)
set(right "key.add(precision, products.fuse, arena.place());")
set(wrong "key.add(products.fuse, arena.place());")
