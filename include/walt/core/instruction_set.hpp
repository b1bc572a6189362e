// The name of the instruction set that a unit is compiled for. What a device on the host compiles to depends on it, so
// it lies in an inline namespace of this name: units with other flags have other symbols, and link in any order.
//
// The context's type has the name too, and with it every template over the context: whole models, their passes and
// trainers. A unit that hands a context to one with other flags does not link; one that makes its own is right.
#pragma once

// Named is what changes a result or what a function of these headers may use: width of vectors, fused multiplication,
// products of bf16, and a compiler without OpenMP.
#if defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512DQ__) && defined(__AVX512VL__)
#define WALT_ISA_VECTORS avx512
#elif defined(__AVX512F__)
#define WALT_ISA_VECTORS avx512f
#elif defined(__AVX2__)
#define WALT_ISA_VECTORS avx2
#elif defined(__AVX__)
#define WALT_ISA_VECTORS avx
#elif defined(__SSE4_2__)
#define WALT_ISA_VECTORS sse4
#elif defined(__SSE2__)
#define WALT_ISA_VECTORS sse2
#elif defined(__ARM_FEATURE_SVE)
#define WALT_ISA_VECTORS sve
#elif defined(__ARM_NEON)
#define WALT_ISA_VECTORS neon
#else
#define WALT_ISA_VECTORS plain
#endif

#if defined(__FMA__)
#define WALT_ISA_FMA _fma
#else
#define WALT_ISA_FMA
#endif

#if defined(__BMI2__)
#define WALT_ISA_BITS _bmi
#else
#define WALT_ISA_BITS
#endif

#if defined(__AMX_BF16__) || defined(__AMXBF16__)
#define WALT_ISA_BF16 _amx
#elif defined(__AVX512BF16__) || defined(__ARM_FEATURE_BF16)
#define WALT_ISA_BF16 _bf16
#else
#define WALT_ISA_BF16
#endif

#if defined(_OPENMP)
#define WALT_ISA_OPENMP
#else
#define WALT_ISA_OPENMP _no_openmp
#endif

#define WALT_ISA_JOIN(vectors, fma, bits, bf16, openmp) vectors##fma##bits##bf16##openmp
#define WALT_ISA_NAME(...) WALT_ISA_JOIN(__VA_ARGS__) // a step of its own, so that the parts are replaced first
/// For example avx512_fma_bmi_bf16.
#define WALT_INSTRUCTION_SET                                                                                           \
    WALT_ISA_NAME(WALT_ISA_VECTORS, WALT_ISA_FMA, WALT_ISA_BITS, WALT_ISA_BF16, WALT_ISA_OPENMP)
