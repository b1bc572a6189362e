# Tensor cores do gradients whose channels are no multiples of 8 (on an H200 an address was misaligned).
set(test cudnn_planning)
set(header ops/cuda/conv3d.cuh)
set(right "return pass == conv_pass::forward || (in % 8 == 0 && out % 8 == 0);")
set(wrong "return pass == conv_pass::forward || in + out > 0;")
