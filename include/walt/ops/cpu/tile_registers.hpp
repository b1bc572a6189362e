// Products of bf16 in the tile registers of AMX, where the target has them and the operating system lends them.
#pragma once

#include "unit_matrix.hpp"

#if defined(__AMX_BF16__) || defined(__AMXBF16__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace walt::cpu::inline WALT_INSTRUCTION_SET {

#if defined(__AMX_BF16__) || defined(__AMXBF16__)

namespace detail { // instructions, by the numbers of tiles; <immintrin.h> is long
inline void load_tile_layout(const void* layout) {
    asm volatile("ldtilecfg %0" ::"m"(*static_cast<const char(*)[64]>(layout)));
}
inline void release_tiles() { asm volatile("tilerelease"); }
template <int Tile> inline void clear_tile() { asm volatile("tilezero %%tmm%c0" ::"i"(Tile)); }
/// 16 rows of 64 bytes, `bytes` from one to the next.
template <int Tile> inline void load_tile(const float* from, std::size_t bytes) {
    asm volatile("tileloadd (%0,%1,1), %%tmm%c2" ::"r"(from), "r"(bytes), "i"(Tile) : "memory");
}
template <int Tile> inline void store_tile(float* to, std::size_t bytes) {
    asm volatile("tilestored %%tmm%c2, (%0,%1,1)" ::"r"(to), "r"(bytes), "i"(Tile) : "memory");
}
/// sum += left right, in bf16.
template <int Sum, int Left, int Right> inline void multiply_tiles() {
    asm volatile("tdpbf16ps %%tmm%c2, %%tmm%c1, %%tmm%c0" ::"i"(Sum), "i"(Left), "i"(Right));
}
} // namespace detail

/// While one lives, this thread's eight tile registers are 16 rows of 16 units.
class tile_registers {
  public:
    static constexpr bool compiled = true;
    tile_registers() {
        if (!present()) return;
        struct alignas(64) {
            std::uint8_t palette = 1, start_row = 0, reserved[14] = {};
            std::uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
            std::uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
        } layout;
        detail::load_tile_layout(&layout);
    }
    ~tile_registers() {
        if (present()) detail::release_tiles();
    }
    tile_registers(const tile_registers&) = delete;
    tile_registers& operator=(const tile_registers&) = delete;

    /// Whether the process may use them: Linux saves them only for those that ask.
    static bool present() {
        constexpr long request_permission = 0x1023, tile_data = 18; // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA
        static const bool granted = syscall(SYS_arch_prctl, request_permission, tile_data) == 0;
        return granted;
    }
};

namespace detail {
/// 16 Rows x 16 Columns of the result in Rows x Columns tiles; tile 2i + j is the result's, 4 + i left's, 6 + j
/// right's.
template <int Rows, int Columns>
inline void tile_block(int K, unit_rows left, unit_rows right, unit_rows start, float* c, std::int64_t c_width) {
    const auto bytes = [](std::int64_t width) { return static_cast<std::size_t>(width) * sizeof(float); };
    constexpr bool two_rows = Rows == 2, two_columns = Columns == 2;
    if (start.data) {
        load_tile<0>(start.data, bytes(start.width));
        if constexpr (two_columns) load_tile<1>(start.data + 16, bytes(start.width));
        if constexpr (two_rows) load_tile<2>(start.data + 16 * start.width, bytes(start.width));
        if constexpr (two_rows && two_columns) load_tile<3>(start.data + 16 * start.width + 16, bytes(start.width));
    } else {
        clear_tile<0>();
        if constexpr (two_columns) clear_tile<1>();
        if constexpr (two_rows) clear_tile<2>();
        if constexpr (two_rows && two_columns) clear_tile<3>();
    }
    for (int k = 0; k < K; k += 16) {
        load_tile<4>(left.data + k, bytes(left.width));
        load_tile<6>(right.data + k * right.width, bytes(right.width));
        multiply_tiles<0, 4, 6>();
        if constexpr (two_columns) {
            load_tile<7>(right.data + k * right.width + 16, bytes(right.width));
            multiply_tiles<1, 4, 7>();
        }
        if constexpr (two_rows) {
            load_tile<5>(left.data + 16 * left.width + k, bytes(left.width));
            multiply_tiles<2, 5, 6>();
            if constexpr (two_columns) multiply_tiles<3, 5, 7>();
        }
    }
    store_tile<0>(c, bytes(c_width));
    if constexpr (two_columns) store_tile<1>(c + 16, bytes(c_width));
    if constexpr (two_rows) store_tile<2>(c + 16 * c_width, bytes(c_width));
    if constexpr (two_rows && two_columns) store_tile<3>(c + 16 * c_width + 16, bytes(c_width));
}
} // namespace detail

/// small_product in whole tiles: M, N and K are rounded up to multiples of 16.
template <class T>
void tile_product(int M, int N, int K, unit_rows left, unit_rows right, unit_rows start, float* c,
                  std::int64_t c_width) {
    static_assert(std::is_same_v<T, bf16>, "tiles multiply bf16");
    for (int n = 0; n < N; n += 32)
        for (int m = 0; m < M; m += 32) {
            const auto block = n + 16 < N ? (m + 16 < M ? detail::tile_block<2, 2> : detail::tile_block<1, 2>)
                                          : (m + 16 < M ? detail::tile_block<2, 1> : detail::tile_block<1, 1>);
            block(K, left.from(m, 0), right.from(0, n), start.from(m, n), c + m * c_width + n, c_width);
        }
}

#else

/// No tile registers in this target.
struct tile_registers {
    static constexpr bool compiled = false;
    tile_registers() {} // not trivial: a variable of it is used
    static constexpr bool present() { return false; }
};
template <class T> void tile_product(int, int, int, unit_rows, unit_rows, unit_rows, float*, std::int64_t) {
    static_assert(sizeof(T) == 0, "this instruction set has no tile registers");
}

#endif

} // namespace walt::cpu::inline WALT_INSTRUCTION_SET
