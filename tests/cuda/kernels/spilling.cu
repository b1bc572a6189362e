// A kernel that needs more registers than its launch bounds leave it: it must not compile where spills are errors.
template <int Count> __global__ void __launch_bounds__(1024) spilling_kernel(const float* x, float* y) {
    float kept[Count];
    for (int i = 0; i < Count; ++i) kept[i] = x[i * 1024 + threadIdx.x];
    __syncthreads();
    for (int i = 0; i < Count; ++i) y[i * 1024 + threadIdx.x] = kept[Count - 1 - i] * x[i];
}

void launch(const float* x, float* y) { spilling_kernel<96><<<1, 1024>>>(x, y); }
