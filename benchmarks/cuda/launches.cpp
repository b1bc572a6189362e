// The kernels that were launched, with their threads and dynamic shared memory, for scripts/kernel_report: where
// WALT_LAUNCHES names a file, each new one is a line of it. The linker sends launches here (--wrap).
#include <cuda_runtime_api.h>

#include <cstdio>
#include <cstdlib>
#include <set>
#include <tuple>

extern "C" {
cudaError_t __real___cudaLaunchKernel(cudaKernel_t kernel, dim3 grid, dim3 block, void** arguments, std::size_t shared,
                                      cudaStream_t stream);
cudaError_t __wrap___cudaLaunchKernel(cudaKernel_t kernel, dim3 grid, dim3 block, void** arguments, std::size_t shared,
                                      cudaStream_t stream) {
    static std::FILE* const file =
        std::getenv("WALT_LAUNCHES") ? std::fopen(std::getenv("WALT_LAUNCHES"), "a") : nullptr;
    static std::set<std::tuple<cudaKernel_t, unsigned, std::size_t>> known;
    const char* name = nullptr;
    const unsigned threads = block.x * block.y * block.z;
    if (file != nullptr && known.emplace(kernel, threads, shared).second &&
        cudaFuncGetName(&name, kernel) == cudaSuccess) {
        std::fprintf(file, "%s %u %zu\n", name, threads, shared);
        std::fflush(file);
    }
    return __real___cudaLaunchKernel(kernel, grid, block, arguments, shared, stream);
}
}
