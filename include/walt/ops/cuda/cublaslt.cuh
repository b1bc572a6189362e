// cuBLASLt behind one small header: a handle, its workspace, and matrix products planned once per shape.
#pragma once

#include "../../core/dtype.hpp"
#include "../../core/recent.hpp"
#include "memory.cuh"

#include <cublasLt.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>

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

/// The library's handle for one context, and the plans made so far (choosing an algorithm costs more than a small
/// product).
class cublaslt {
  public:
    cublaslt() { check(cublasLtCreate(&handle_), "cublasLtCreate"); }
    cublaslt(const cublaslt&) = delete;
    cublaslt& operator=(const cublaslt&) = delete;
    ~cublaslt() { cublasLtDestroy(handle_); }

    bool epilogues = true; ///< false: no product has an epilogue or a bias, so that tests see what happens then

    /// The bias has c's element type; with sums_of_a it is assigned. False, and nothing done, if the library has no
    /// algorithm with this epilogue or this bias.
    template <class T, class U>
    bool multiply(cudaStream_t stream, const product& p, const T* a, const T* b, const U* bias, U* c,
                  const U* inner = nullptr) {
        if (p.m == 0 || p.n == 0) return true;
        const bool plain = bias == nullptr && p.after == epilogue::none;
        if (!plain && !epilogues) return false;
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
        const plan& how = plans_.get(shape, [&] { return made<T>(p, a, b, bias, c, inner); });
        if (!how.possible) return false;
        if (bias != nullptr) set(how.operation, CUBLASLT_MATMUL_DESC_BIAS_POINTER, bias);
        if (inner != nullptr) set(how.operation, CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_POINTER, inner);
        const float one = 1, start = p.add ? 1 : 0; // cuBLAS is column-major: it computes c^T = b^T a^T
        const cublasStatus_t status = cublasLtMatmul(handle_, how.operation.get(), &one, b, how.left.get(), a,
                                                     how.right.get(), &start, c, how.result.get(), c, how.result.get(),
                                                     &how.algorithm, workspace_.get(), workspace_bytes, stream);
        if (status != CUBLAS_STATUS_SUCCESS) check(status, "cublasLtMatmul {}", words(p));
        return true;
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
    /// The largest power of two that divides an address, to 256: what kernels may count on. 0 for nullptr.
    static std::uint32_t alignment_of(const void* pointer) {
        const auto address = reinterpret_cast<std::uintptr_t>(pointer);
        return static_cast<std::uint32_t>(std::min<std::uintptr_t>(256, address & (~address + 1)));
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

    /// The pointers only for their alignment.
    template <class T, class U>
    plan made(const product& p, const T* a, const T* b, const U* bias, const U* c, const U* inner) {
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
        cublasLtMatmulHeuristicResult_t best{};
        int found = 0;
        const cublasStatus_t status =
            cublasLtMatmulAlgoGetHeuristic(handle_, how.operation.get(), how.left.get(), how.right.get(),
                                           how.result.get(), how.result.get(), limits.get(), 1, &best, &found);
        if ((bias != nullptr || p.after != epilogue::none) && (status != CUBLAS_STATUS_SUCCESS || found == 0)) {
            how.possible = false; // there is a way without
            return how;
        }
        check(status, "cublasLtMatmulAlgoGetHeuristic {}", words(p));
        require(found > 0, "cuBLASLt has no algorithm for a product {}", words(p));
        how.algorithm = best.algo;
        return how;
    }

    cublasLtHandle_t handle_ = nullptr;
    memory workspace_;
    recent<key, plan> plans_{most_plans};
};

} // namespace walt::cuda
