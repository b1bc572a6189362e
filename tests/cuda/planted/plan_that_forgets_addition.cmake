# A convolution's plan is taken whether or not it adds to what is there.
set(test conv3d)
set(header ops/cuda/cudnn.cuh)
set(right "                        finish.add};")
set(wrong "                        false};")
