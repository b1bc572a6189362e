# A product is timed on what it adds to.
set(test algorithms)
set(header ops/cuda/cublaslt.cuh)
set(right "reinterpret_cast<U*>(result.get())")
set(wrong "const_cast<U*>(c)")
