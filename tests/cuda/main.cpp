// Catch2's main for tests of the CUDA device. Without a GPU nothing is tested, and ctest is told so.
#if __has_include(<catch2/catch_session.hpp>)
#include <catch2/catch_session.hpp>
#else
#define CATCH_CONFIG_RUNNER
#include <catch2/catch.hpp>
#endif

#include <cuda_runtime_api.h>

#include <cstdio>

int main(int count, char** arguments) {
    int devices = 0;
    if (const cudaError_t status = cudaGetDeviceCount(&devices); status != cudaSuccess || devices == 0) {
        std::printf("not run: there is no GPU (%s)\n", cudaGetErrorString(status));
        return 77; // ctest: skipped
    }
    return Catch::Session().run(count, arguments);
}
