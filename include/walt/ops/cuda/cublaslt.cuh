// cuBLASLt behind one small header: a handle, its workspace, and matrix products planned once per shape.
#pragma once

#include "../../core/dtype.hpp"
#include "../../core/note.hpp"
#include "../../core/recent.hpp"
#include "memory.cuh"

#include <cublasLt.h>

#include <algorithm>
#include <array>
#include <limits>
#include <memory>
#include <string>
#include <vector>

namespace walt::cuda {

/// Throws a walt::error when `status` is not success.
template <class... Part> void check(cublasStatus_t status, walt::detail::sentence<Part...> call, const Part&... part) {
    if (status != CUBLAS_STATUS_SUCCESS)
        fail("{} failed: {}{}", walt::detail::written(call.text, {part...}), cublasLtGetStatusString(status),
             after_failure());
}

template <class T> constexpr cudaDataType_t cublas_type() {
    if constexpr (std::is_same_v<std::remove_cv_t<T>, float>) return CUDA_R_32F;
    else if constexpr (std::is_same_v<std::remove_cv_t<T>, bf16>) return CUDA_R_16BF;
    else
        static_assert(sizeof(T) == 0,
                      "the cuda device computes in float or bf16; for double use walt::reference::context");
}

/// What happens to a product on its way to memory; `inner` [M, N] is another matrix of c's type.
enum class epilogue {
    none,
    gelu,      ///< inner = the product (+ bias), c = gelu(inner)
    gelu_grad, ///< c = gelu'(inner) times the product
    sums_of_a, ///< the bias is a result: the sums of a's M rows
};

/// c [M, N] = a [M, K] b [K, N] (+ bias [N]), or c += a b; a and b may be stored transposed. All is row-major.
struct product {
    std::int64_t m, n, k;
    bool a_transposed, b_transposed, add, tf32 = false;
    epilogue after = epilogue::none;
};

/// What of an op cuBLASLt does on a product's way to memory. What is off is a kernel of walt's own behind the product:
/// the same numbers but for their rounding, and which is faster depends on the GPU (docs/gpu/h200.md; gpu_products
/// times both).
struct fusions {
    bool bias = true; ///< of products that do nothing else: GELU's epilogue adds its own
    bool gelu = true, gelu_grad = true, sums_of_a = true;
};

/// The library's handle for one context, and the plans made so far (choosing an algorithm costs more than a small
/// product).
class cublaslt {
  public:
    cublaslt() { check(cublasLtCreate(&handle_), "cublasLtCreate"); }
    cublaslt(const cublaslt&) = delete;
    cublaslt& operator=(const cublaslt&) = delete;
    ~cublaslt() { cublasLtDestroy(handle_); }

    fusions fuse;
    /// How many of the library's algorithms a product tries at its first use: the fastest is kept. With more than 1 the
    /// choice, and with it the last bits, may differ from one run to the next. (Where the library offers one, as under
    /// emulation, nothing is timed.)
    int tried = 1;

    /// The bias has c's element type; with sums_of_a it is assigned. False, and nothing done, if the library refuses
    /// this epilogue or this bias, for whatever reason, or `fuse` does.
    template <class T, class U>
    bool multiply(cudaStream_t stream, const product& p, const T* a, const T* b, const U* bias, U* c,
                  const U* inner = nullptr) {
        if (p.m == 0 || p.n == 0) return true;
        const bool plain = bias == nullptr && p.after == epilogue::none;
        if (!fused(p.after, bias != nullptr)) return false;
        const key shape{p.m,
                        p.n,
                        p.k,
                        p.a_transposed,
                        p.b_transposed,
                        p.add,
                        p.tf32,
                        static_cast<int>(p.after),
                        sizeof(T),
                        sizeof(U),
                        alignment_of(a),
                        alignment_of(b),
                        alignment_of(c),
                        alignment_of(bias),
                        alignment_of(inner)};
        plan& how = plans_.get(shape, [&] { return made<T>(stream, p, a, b, bias, c, inner); });
        if (!how.possible) return false;
        if (bias != nullptr) set(how.operation, CUBLASLT_MATMUL_DESC_BIAS_POINTER, bias);
        if (inner != nullptr) set(how.operation, CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_POINTER, inner);
        const cublasStatus_t status = launch(stream, how, p, a, b, c, c);
        if (status == CUBLAS_STATUS_SUCCESS) return true;
        if (plain) check(status, "cublasLtMatmul {}", words(p));
        cudaGetLastError();
        how.possible = false; // there is a way without
        walt::detail::note("cuBLASLt promised a product {} with an epilogue and refuses it ({}): a kernel of walt's "
                           "own does that part",
                           words(p), cublasLtGetStatusString(status));
        return false;
    }

  private:
    using key = std::array<std::int64_t, 15>;
    static constexpr std::size_t workspace_bytes{32 << 20}; // NVIDIA's advice for sm_90; enough for any chip
    static constexpr std::size_t most_plans = 1024;         // some 1.5 KiB each; a training step has 50 to 100

    template <class Handle, auto Destroy> struct owned { // a handle of the library, destroyed with its owner
        struct destroy {
            void operator()(Handle h) const { Destroy(h); }
        };
        using pointer = std::unique_ptr<std::remove_pointer_t<Handle>, destroy>;
    };
    using description = owned<cublasLtMatmulDesc_t, cublasLtMatmulDescDestroy>::pointer;
    using layout = owned<cublasLtMatrixLayout_t, cublasLtMatrixLayoutDestroy>::pointer;
    using preference = owned<cublasLtMatmulPreference_t, cublasLtMatmulPreferenceDestroy>::pointer;

    struct plan {
        description operation;
        layout left, right, result;
        cublasLtMatmulAlgo_t algorithm;
        bool possible = true;
    };

    static std::string words(const product& p) {
        return fmt::format("of [{}, {}] and [{}, {}]{}", p.m, p.k, p.k, p.n, p.add ? ", added to what was there," : "");
    }
    /// The largest power of two that divides an address, to the arena's alignment: what kernels may count on. (More
    /// would depend on where in the arena a tensor happens to lie, and so would the algorithm.) 0 for nullptr.
    static std::uint32_t alignment_of(const void* pointer) {
        const auto address = reinterpret_cast<std::uintptr_t>(pointer);
        return static_cast<std::uint32_t>(std::min<std::uintptr_t>(alignment, address & (~address + 1)));
    }
    template <class Value>
    static void set(const description& to, cublasLtMatmulDescAttributes_t which, const Value& value) {
        check(cublasLtMatmulDescSetAttribute(to.get(), which, &value, sizeof value), "cublasLtMatmulDescSetAttribute");
    }
    template <class Value>
    static void set(const preference& to, cublasLtMatmulPreferenceAttributes_t which, const Value& value) {
        check(cublasLtMatmulPreferenceSetAttribute(to.get(), which, &value, sizeof value),
              "cublasLtMatmulPreferenceSetAttribute");
    }
    /// A row-major [rows, columns] matrix is column-major [columns, rows].
    template <class T> static layout matrix(std::int64_t rows, std::int64_t columns) {
        cublasLtMatrixLayout_t created = nullptr;
        check(cublasLtMatrixLayoutCreate(&created, cublas_type<T>(), static_cast<std::uint64_t>(columns),
                                         static_cast<std::uint64_t>(rows), columns),
              "cublasLtMatrixLayoutCreate of [{}, {}]", rows, columns);
        return layout(created);
    }

    bool fused(epilogue after, bool with_bias) const {
        switch (after) {
        case epilogue::none: return fuse.bias || !with_bias;
        case epilogue::gelu: return fuse.gelu;
        case epilogue::gelu_grad: return fuse.gelu_grad;
        case epilogue::sums_of_a: return fuse.sums_of_a;
        }
        return false;
    }

    template <class T, class U>
    cublasStatus_t launch(cudaStream_t stream, const plan& how, const product& p, const T* a, const T* b, const U* c,
                          U* result) {
        const float one = 1, start = p.add ? 1 : 0; // cuBLAS is column-major: it computes c^T = b^T a^T
        return cublasLtMatmul(handle_, how.operation.get(), &one, b, how.left.get(), a, how.right.get(), &start, c,
                              how.result.get(), result, how.result.get(), &how.algorithm, workspace_.get(),
                              workspace_bytes, stream);
    }

    /// Keeps the fastest of the offers, by the GPU's clock; false: none runs. The result goes to memory of its own, so
    /// that what is added to stays. What is being recorded cannot be timed and takes the first, as do products for
    /// whose result there is no memory.
    template <class T, class U>
    bool choose(cudaStream_t stream, plan& how, const product& p, const T* a, const T* b, const U* c,
                const std::vector<cublasLtMatmulHeuristicResult_t>& offers) {
        how.algorithm = offers.front().algo;
        cudaStreamCaptureStatus recorded = cudaStreamCaptureStatusNone;
        check(cudaStreamIsCapturing(stream, &recorded), "cudaStreamIsCapturing");
        if (offers.size() == 1 || recorded != cudaStreamCaptureStatusNone) return true;

        using event = owned<cudaEvent_t, cudaEventDestroy>::pointer;
        const auto created = [] {
            cudaEvent_t one = nullptr;
            check(cudaEventCreate(&one), "cudaEventCreate");
            return event(one);
        };
        const event begin = created(), end = created();
        memory result;
        try {
            result = device_memory(static_cast<std::size_t>(p.m * p.n) * sizeof(U));
        } catch (const error&) {
            return true;
        }
        float least = std::numeric_limits<float>::infinity();
        cublasLtMatmulAlgo_t fastest = how.algorithm;
        for (const auto& offer : offers) {
            how.algorithm = offer.algo;
            const auto run = [&] {
                return launch(stream, how, p, a, b, c, reinterpret_cast<U*>(result.get())) == CUBLAS_STATUS_SUCCESS;
            };
            bool runs = run(); // loads the kernel
            check(cudaEventRecord(begin.get(), stream), "cudaEventRecord");
            for (int time = 0; runs && time < 3; ++time) runs = run();
            check(cudaEventRecord(end.get(), stream), "cudaEventRecord");
            check(cudaEventSynchronize(end.get()), "a product {}", words(p));
            float milliseconds = 0;
            check(cudaEventElapsedTime(&milliseconds, begin.get(), end.get()), "cudaEventElapsedTime");
            if (runs && milliseconds < least) {
                least = milliseconds;
                fastest = offer.algo;
            }
        }
        cudaGetLastError(); // of those that refused
        how.algorithm = fastest;
        return least < std::numeric_limits<float>::infinity();
    }

    /// The operands are read only where algorithms are timed; else their alignment counts.
    template <class T, class U>
    plan made(cudaStream_t stream, const product& p, const T* a, const T* b, const U* bias, const U* c,
              const U* inner) {
        if (!workspace_) workspace_ = device_memory(workspace_bytes);
        plan how;
        cublasLtMatmulDesc_t operation = nullptr;
        const auto compute = p.tf32 && std::is_same_v<T, float> ? CUBLAS_COMPUTE_32F_FAST_TF32 : CUBLAS_COMPUTE_32F;
        check(cublasLtMatmulDescCreate(&operation, compute, CUDA_R_32F), "cublasLtMatmulDescCreate");
        how.operation.reset(operation);
        set(how.operation, CUBLASLT_MATMUL_DESC_TRANSA, p.b_transposed ? CUBLAS_OP_T : CUBLAS_OP_N);
        set(how.operation, CUBLASLT_MATMUL_DESC_TRANSB, p.a_transposed ? CUBLAS_OP_T : CUBLAS_OP_N);
        cublasLtEpilogue_t after = bias != nullptr ? CUBLASLT_EPILOGUE_BIAS : CUBLASLT_EPILOGUE_DEFAULT;
        if (p.after == epilogue::gelu)
            after = bias != nullptr ? CUBLASLT_EPILOGUE_GELU_AUX_BIAS : CUBLASLT_EPILOGUE_GELU_AUX;
        if (p.after == epilogue::gelu_grad) after = CUBLASLT_EPILOGUE_DGELU;
        if (p.after == epilogue::sums_of_a) after = CUBLASLT_EPILOGUE_BGRADB; // cuBLAS has a and b the other way round
        set(how.operation, CUBLASLT_MATMUL_DESC_EPILOGUE, after);
        if (bias != nullptr) set(how.operation, CUBLASLT_MATMUL_DESC_BIAS_POINTER, bias);
        if (inner != nullptr) {
            set(how.operation, CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_POINTER, inner);
            set(how.operation, CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_LD, p.n);
        }
        how.left = p.b_transposed ? matrix<T>(p.n, p.k) : matrix<T>(p.k, p.n);
        how.right = p.a_transposed ? matrix<T>(p.k, p.m) : matrix<T>(p.m, p.k);
        how.result = matrix<U>(p.m, p.n);

        cublasLtMatmulPreference_t wanted = nullptr;
        check(cublasLtMatmulPreferenceCreate(&wanted), "cublasLtMatmulPreferenceCreate");
        const preference limits(wanted);
        set(limits, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, workspace_bytes);
        // Parts of a split sum are added in float32 and in one order, never in place.
        set(limits, CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK,
            static_cast<std::uint32_t>(CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE));
        set(limits, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, alignment_of(b));
        set(limits, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, alignment_of(a));
        set(limits, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, alignment_of(c));
        set(limits, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, alignment_of(c));
        std::vector<cublasLtMatmulHeuristicResult_t> offers(static_cast<std::size_t>(std::max(tried, 1)));
        int found = 0;
        const cublasStatus_t status = cublasLtMatmulAlgoGetHeuristic(
            handle_, how.operation.get(), how.left.get(), how.right.get(), how.result.get(), how.result.get(),
            limits.get(), static_cast<int>(offers.size()), offers.data(), &found);
        offers.resize(status == CUBLAS_STATUS_SUCCESS ? static_cast<std::size_t>(found) : 0);
        std::erase_if(offers, [](const auto& offer) { return offer.state != CUBLAS_STATUS_SUCCESS; });
        how.possible = !offers.empty() && choose(stream, how, p, a, b, c, offers);
        if (how.possible || bias != nullptr || p.after != epilogue::none) return how; // there is a way without
        check(status, "cublasLtMatmulAlgoGetHeuristic {}", words(p));
        fail("cuBLASLt has no algorithm for a product {}", words(p));
    }

    cublasLtHandle_t handle_ = nullptr;
    memory workspace_;
    recent<key, plan> plans_{most_plans};
};

} // namespace walt::cuda
