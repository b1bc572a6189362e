// Which of cuBLASLt's algorithms a product takes, and what becomes of it when the library refuses. The library's
// offers, its refusals and the GPU's clock are the test's: calls are sent here by the linker.
#include "agreement.hpp"

#include <walt/ops/cuda/linear.cuh>
#include <walt/ops/cuda/recording.cuh>
#include <walt/ops/reference/linear.hpp>
#include <walt/ops/reference/pointwise.hpp>

#include <iterator>
#include <map>

namespace tests {
using namespace walt;

namespace {

struct {
    int offered = 1;                               ///< algorithms for each product
    cublasStatus_t asked = CUBLAS_STATUS_SUCCESS;  ///< the answer to who asks for an algorithm with an epilogue
    std::map<std::uint64_t, float> milliseconds{}; ///< of an algorithm; one without them does not run
    bool epilogues_run = true;
    std::uint64_t last = 0; ///< the algorithm that ran last
    int runs = 0, timed = 0;
} library;
/// The library's own algorithms. A word of one that is offered says which it was; what runs is as it came.
cublasLtMatmulAlgo_t untouched[256];
std::size_t kept = 0;
constexpr int mark = 7;
constexpr std::uint64_t most = 1000; // algorithms that are offered at once

bool has_epilogue(cublasLtMatmulDesc_t of) {
    cublasLtEpilogue_t after = CUBLASLT_EPILOGUE_DEFAULT;
    std::size_t bytes = 0;
    cublasLtMatmulDescGetAttribute(of, CUBLASLT_MATMUL_DESC_EPILOGUE, &after, sizeof after, &bytes);
    return after != CUBLASLT_EPILOGUE_DEFAULT;
}

} // namespace

extern "C" {
using operation = cublasLtMatmulDesc_t;
using layout_of = cublasLtMatrixLayout_t;
cublasStatus_t __real_cublasLtMatmulAlgoGetHeuristic(cublasLtHandle_t, operation, layout_of, layout_of, layout_of,
                                                     layout_of, cublasLtMatmulPreference_t, int,
                                                     cublasLtMatmulHeuristicResult_t*, int*);
cublasStatus_t __wrap_cublasLtMatmulAlgoGetHeuristic(cublasLtHandle_t handle, operation op, layout_of a, layout_of b,
                                                     layout_of c, layout_of d, cublasLtMatmulPreference_t limits,
                                                     int wanted, cublasLtMatmulHeuristicResult_t* results, int* found) {
    if (library.asked != CUBLAS_STATUS_SUCCESS && has_epilogue(op)) return library.asked;
    const cublasStatus_t status =
        __real_cublasLtMatmulAlgoGetHeuristic(handle, op, a, b, c, d, limits, 1, results, found);
    *found = std::min(wanted, library.offered);
    for (int i = *found - 1; i >= 0; --i) {
        if (i == *found - 1) untouched[kept++ % std::size(untouched)] = results[0].algo;
        results[i] = results[0];
        results[i].algo.data[mark] = most * (kept - 1) + static_cast<std::uint64_t>(i);
    }
    return status;
}
cublasStatus_t __real_cublasLtMatmul(cublasLtHandle_t, operation, const void*, const void*, layout_of, const void*,
                                     layout_of, const void*, const void*, layout_of, void*, layout_of,
                                     const cublasLtMatmulAlgo_t*, void*, std::size_t, cudaStream_t);
cublasStatus_t __wrap_cublasLtMatmul(cublasLtHandle_t handle, operation op, const void* alpha, const void* a,
                                     layout_of la, const void* b, layout_of lb, const void* beta, const void* c,
                                     layout_of lc, void* d, layout_of ld, const cublasLtMatmulAlgo_t* algorithm,
                                     void* workspace, std::size_t bytes, cudaStream_t stream) {
    ++library.runs;
    library.last = algorithm->data[mark] % most;
    if (has_epilogue(op) && !library.epilogues_run) return CUBLAS_STATUS_INTERNAL_ERROR;
    if (!library.milliseconds.contains(library.last)) return CUBLAS_STATUS_EXECUTION_FAILED;
    const cublasLtMatmulAlgo_t own = untouched[algorithm->data[mark] / most % std::size(untouched)];
    return __real_cublasLtMatmul(handle, op, alpha, a, la, b, lb, beta, c, lc, d, ld, &own, workspace, bytes, stream);
}
cudaError_t __real_cudaEventElapsedTime(float*, cudaEvent_t, cudaEvent_t);
cudaError_t __wrap_cudaEventElapsedTime(float* milliseconds, cudaEvent_t begin, cudaEvent_t end) {
    ++library.timed;
    const cudaError_t status = __real_cudaEventElapsedTime(milliseconds, begin, end);
    if (library.milliseconds.contains(library.last)) *milliseconds = library.milliseconds[library.last];
    return status;
}
}

namespace {

/// Every kind of product; the gradient of w is added to what is there.
template <class T> struct operands {
    static constexpr int R = 24, K = 16, N = 40;
    using A = accumulate_t<T>;
    arena memory{allocate_host};
    view<T, dynamic, K> x = normals(memory.take<T, dynamic, K>(R), 1), dx = (memory.take<T, dynamic, K>(R));
    view<T, N, K> w = normals(memory.take<T, N, K>(), 2);
    view<A, N> bias = normals(memory.take<A, N>(), 3), dbias = normals(memory.take<A, N>(), 7);
    view<T, dynamic, N> y = (memory.take<T, dynamic, N>(R)), dy = normals(memory.take<T, dynamic, N>(R), 4),
                        inner = (memory.take<T, dynamic, N>(R)), active = (memory.take<T, dynamic, N>(R));
    view<T, dynamic, K> inner_of_x = normals(memory.take<T, dynamic, K>(R), 8),
                        dinner = (memory.take<T, dynamic, K>(R));
    view<A, N, K> dw = normals(memory.take<A, N, K>(), 5);
    void each(auto&& visit) {
        visit(x), visit(w), visit(bias), visit(dbias), visit(y), visit(dy), visit(inner), visit(active);
        visit(inner_of_x), visit(dinner), visit(dw), visit(dx);
    }
    void run(auto& ctx) {
        ops::linear(ctx, x, w, bias, y);
        ops::linear_grad_input(ctx, dy, w, dx);
        ops::linear_grad_weight(ctx, x, dy, dw, dbias);
        ops::linear_activate<activation::gelu>(ctx, x, w, bias, inner, active);
        ops::linear_grad_activated_input<activation::gelu>(ctx, dy, w, inner_of_x, dinner);
    }
};

void agree(walt::cuda::context& device) {
    reference::context plain;
    agrees_with_reference<operands, bf16>(device, plain, 1e-5);
    agrees_with_reference<operands, float>(device, plain, 1e-5);
}

} // namespace

TEST_CASE("cuda: a product takes the algorithm that the library advises, and times nothing", "[cuda][algorithms]") {
    library = {.offered = 5, .milliseconds = {{0, 4.0f}, {1, 1.0f}}};
    walt::cuda::context device;
    agree(device);
    CHECK(library.timed == 0);
    CHECK(library.last == 0);
}

TEST_CASE("cuda: of several algorithms the fastest is kept, and what they add to is added to once",
          "[cuda][algorithms]") {
    library = {.offered = 8, .milliseconds = {{0, 4.0f}, {1, 3.0f}, {2, 5.0f}, {3, 2.0f}, {5, 1.0f}}}; // 4 does not run
    walt::cuda::context device;
    device.products.tried = 5; // 0 to 4
    agree(device);
    CHECK(library.last == 3);
    CHECK(library.timed % 5 == 0);
    CHECK(library.timed >= 5 * 5);
    library.runs = library.timed = 0;
    agree(device); // by what is known
    CHECK(library.last == 3);
    CHECK(library.timed == 0);
    CHECK(library.runs == 2 * 5); // bf16's and float's products, each once
}

TEST_CASE("cuda: where the library offers one algorithm nothing is timed", "[cuda][algorithms]") {
    library = {.offered = 1, .milliseconds = {{0, 1.0f}}};
    walt::cuda::context device;
    device.products.tried = 5;
    agree(device);
    CHECK(library.timed == 0);
}

TEST_CASE("cuda: an epilogue refused by any word has a way without", "[cuda][algorithms]") {
    for (const cublasStatus_t word : {CUBLAS_STATUS_NOT_SUPPORTED, CUBLAS_STATUS_INVALID_VALUE,
                                      CUBLAS_STATUS_INTERNAL_ERROR, CUBLAS_STATUS_ARCH_MISMATCH}) {
        library = {.asked = word, .milliseconds = {{0, 1.0f}}};
        walt::cuda::context device;
        agree(device);
    }
    for (const int tried : {1, 2}) { // promised, and refused when it shall run
        library = {.offered = 2, .milliseconds = {{0, 1.0f}, {1, 2.0f}}, .epilogues_run = false};
        walt::cuda::context device;
        device.products.tried = tried;
        agree(device);
        library.runs = 0;
        agree(device); // it is not asked again
        CHECK(library.runs == 2 * 5);
    }
}

TEST_CASE("cuda: a plain product that no algorithm computes is an error that says so", "[cuda][algorithms]") {
    walt::cuda::context device;
    library = {.offered = 3};
    device.products.tried = 3;
    CHECK_THROWS_WITH(agree(device),
                      Catch::Contains("cuBLASLt has no algorithm for a product of [24, 16] and [16, 40]"));
    library = {.offered = 1, .milliseconds = {{0, 1.0f}}};
    agree(device); // the context goes on
}

TEST_CASE("cuda: a product whose first use is recorded takes the algorithm that is advised", "[cuda][algorithms]") {
    library = {.offered = 5, .milliseconds = {{0, 2.0f}, {1, 1.0f}, {2, 2.0f}, {3, 2.0f}, {4, 2.0f}}};
    walt::cuda::context device;
    device.products.tried = 5;
    const buffer<float> x(device, 64), y(device, 64);
    ops::fill(device, x.all(), 1);
    const auto product = [&]<int Rows>() {
        ops::linear(device, view<const float, dynamic, 8>(x.data(), Rows), view<const float, 8, 8>(x.data()), none{},
                    view<float, dynamic, 8>(y.data(), Rows));
    };
    product.template operator()<8>(); // the library's workspace is there
    CHECK(library.last == 1);
    library.timed = 0;
    const walt::cuda::recording record(device, [&] { product.template operator()<4>(); });
    CHECK(library.last == 0);
    CHECK(library.timed == 0);
    record.replay();
    std::vector<float> found(32);
    device.download(found.data(), y.data(), found.size() * sizeof(float));
    CHECK(found == std::vector<float>(32, 8.0f));
}

TEST_CASE("cuda: a record is of one way to make products", "[cuda][algorithms]") {
    library = {.milliseconds = {{0, 1.0f}}};
    walt::cuda::context device;
    const buffer<float> x(device, 64), y(device, 64), bias(device, 8);
    ops::fill(device, x.all(), 1), ops::fill(device, bias.all(), 2);
    int calls = 0;
    const auto product = [](walt::cuda::context& on, view<const float, 8, 8> a, view<const float, 8> b,
                            view<float, 8, 8> c, int* count) {
        ++*count;
        ops::linear(on, a, a, b, c);
    };
    for (int time = 0; time < 6; ++time) {
        device.products.fuse.bias = time < 3;
        ops::fill(device, y.all(), 0);
        record_work(device, true, product, view<const float, 8, 8>(x.data()), view<const float, 8>(bias.data()),
                    view<float, 8, 8>(y.data()), &calls);
        std::vector<float> found(64);
        device.download(found.data(), y.data(), found.size() * sizeof(float));
        CHECK(found == std::vector<float>(64, 10.0f));
    }
    CHECK(calls == 4); // each way carried out once and recorded once
}

} // namespace tests
