// Google Benchmark's main for the CUDA device. Without a GPU nothing is measured, and ctest is told so.
#include <benchmark/benchmark.h>
#include <cuda_runtime_api.h>
#include <fmt/core.h>

int main(int count, char** arguments) {
    benchmark::Initialize(&count, arguments);
    if (benchmark::ReportUnrecognizedArguments(count, arguments)) return 1;
    int devices = 0;
    if (const cudaError_t status = cudaGetDeviceCount(&devices); status != cudaSuccess || devices == 0) {
        fmt::print("not run: there is no GPU ({})\n", cudaGetErrorString(status));
        return 77; // ctest: skipped
    }
    benchmark::RunSpecifiedBenchmarks();
}
