// What a context refuses, in sentences with both numbers, and that it goes on afterwards.
#include "../catch.hpp"

#include <walt/cuda.cuh>
#include <walt/transformer/denoiser.hpp>

namespace tests {
using namespace walt;

namespace {

/// 400 billion parameters: more than any GPU has memory for.
struct huge : denoiser_config {
    static constexpr int hidden = 4096, depth = 2000;
};

/// An op on the context computes what it should.
void check_usable(walt::cuda::context& device) {
    const arena::scope scope(device.arena);
    const auto x = device.arena.take<float, dynamic>(100);
    ops::fill(device, x, 3);
    std::vector<float> host(100);
    device.download(host.data(), x.data(), host.size() * sizeof(float));
    CHECK(host == std::vector<float>(100, 3.0f));
}

} // namespace

TEST_CASE("cuda: a GPU that is not there, or too old, is refused", "[cuda][context]") {
    CHECK_THROWS_WITH(walt::cuda::context(99), Catch::Contains("there is no GPU 99: this machine has "));
    CHECK_THROWS_WITH(walt::cuda::context(-1), Catch::Contains("there is no GPU -1"));
    CHECK_THROWS_WITH(walt::cuda::require_capability(0, 7, 5),
                      Catch::Contains("GPU 0 has compute capability 7.5; walt needs 8.0 or newer"));
    CHECK_NOTHROW(walt::cuda::require_capability(0, 8, 0));
    CHECK_NOTHROW(walt::cuda::require_capability(0, 12, 0));
}

TEST_CASE("cuda: a model larger than the GPU's memory says how much it needs and what is free", "[cuda][context]") {
    walt::cuda::context device;
    std::size_t free = 0, all = 0;
    walt::cuda::check(cudaMemGetInfo(&free, &all), "cudaMemGetInfo");
    const std::string needed =
        std::to_string(model<walt::cuda::context, transformer<huge>, bf16>::extent * sizeof(float));
    const auto make = [&] { denoiser(device, huge{}, compute<bf16>); };
    CHECK_THROWS_WITH(make(), Catch::Contains("out of GPU memory: " + needed + " bytes are needed, ") &&
                                  Catch::Contains(" of the GPU's " + std::to_string(all) + " are free"));
    check_usable(device);
}

TEST_CASE("cuda: a step that outgrows the memory leaves the context usable", "[cuda][context]") {
    walt::cuda::context device;
    const auto step = [&] {
        const arena::scope scope(device.arena);
        device.arena.take<float, dynamic>(1000);
        device.arena.take<float, dynamic>(std::int64_t{1} << 48);
    };
    CHECK_THROWS_WITH(step(), Catch::Contains("out of GPU memory: ") && Catch::Contains(" bytes are needed"));
    check_usable(device);
}

TEST_CASE("cuda: a call that a library refuses names itself and the shapes", "[cuda][context]") {
    walt::cuda::context device;
    CHECK_THROWS_WITH(walt::cuda::check(CUBLAS_STATUS_NOT_SUPPORTED, "cublasLtMatmul of [2, 3] and [3, 4]"),
                      Catch::Contains("cublasLtMatmul of [2, 3] and [3, 4] failed: ") &&
                          !Catch::Contains("can no longer"));
    CHECK_THROWS_WITH(walt::cuda::check(CUDNN_STATUS_NOT_SUPPORTED, "the convolution of 1 x 2 x 3 x 4 x 5"),
                      Catch::Contains("the convolution of 1 x 2 x 3 x 4 x 5 failed: "));
    check_usable(device);
}

} // namespace tests
