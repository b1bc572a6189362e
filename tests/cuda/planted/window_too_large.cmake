# The window has one token more than it should.
set(header ops/cuda/window_attention.cuh)
set(right "return i < queries ? Shape::code(i) : -1")
set(wrong "return i <= queries ? Shape::code(i) : -1")
