// How a block walks over a piece of a frame's positions and channels. Channels lie together, so a warp reads whole
// rows.
#pragma once

#include "elementwise.cuh"

#include <algorithm>
#include <cstring>

namespace walt::cuda::detail {

/// How a block walks over a frame [positions, C]: each thread over the same P channels at every `rows`-th position of a
/// piece.
template <int C, class... Element> struct frame_tile {
    static constexpr int widest = std::max({static_cast<int>(sizeof(Element))...});
    static constexpr int fits = 16 / widest; // of the widest element into the longest load
    static constexpr int P = C % fits == 0 ? fits : C % 4 == 0 ? 4 : 1;
    static constexpr int packs = C / P, columns = std::min(packs, 32), tiles = (packs + columns - 1) / columns;
    static constexpr int rows = std::max(1, 256 / columns), threads = columns * rows, channels = columns * P;
    static constexpr int per_thread = 16, per_piece = rows * per_thread;

    static std::int64_t pieces(std::int64_t positions) { return (positions + per_piece - 1) / per_piece; }
    static dim3 grid(std::int64_t frames, std::int64_t positions) {
        return dim3(static_cast<unsigned>(frames * pieces(positions)), static_cast<unsigned>(tiles));
    }

    std::int64_t frame, first, last; // this thread's positions
    int channel, row, column;
    __device__ explicit frame_tile(std::int64_t positions) {
        const std::int64_t of_frame = (positions + per_piece - 1) / per_piece;
        frame = blockIdx.x / of_frame;
        row = static_cast<int>(threadIdx.x) / columns;
        column = static_cast<int>(threadIdx.x) % columns;
        channel = (static_cast<int>(blockIdx.y) * columns + column) * P;
        first = blockIdx.x % of_frame * per_piece;
        last = channel < C ? min(positions, first + per_piece) : 0;
        first += row;
    }
    /// use(offset of the thread's first channel) for each of its positions.
    template <class Use> __device__ void each(std::int64_t positions, Use&& use) const {
        for (std::int64_t p = first; p < last; p += rows) use((frame * positions + p) * C + channel);
    }
    template <class T> __device__ static pack<T, P> load(const T* from) {
        return *reinterpret_cast<const pack<T, P>*>(from);
    }
    template <class T> __device__ static void store(T* to, const pack<T, P>& values) {
        if constexpr (sizeof(values) == 16) { // in a loop the compiler would store element by element
            std::uint32_t word[4];
            std::memcpy(word, &values, 16);
            asm volatile("st.global.v4.b32 [%0], {%1, %2, %3, %4};" ::"l"(__cvta_generic_to_global(to)), "r"(word[0]),
                         "r"(word[1]), "r"(word[2]), "r"(word[3])
                         : "memory");
        } else *reinterpret_cast<pack<T, P>*>(to) = values;
    }
};

/// A number for every channel of every row of threads, in shared memory: neither a warp's threads, which write a
/// channel each, nor its readers, who take neighbouring channels, meet in a bank. Where a warp holds many short rows
/// (few channels), the rows lie close: an odd number of columns apart.
template <class Tile> struct channel_board {
    static constexpr bool many_rows = Tile::columns < 4;
    static constexpr int stride = many_rows ? Tile::columns : Tile::columns + 32 / Tile::P,
                         row_stride = many_rows ? Tile::columns * (Tile::P | 1)
                                                : (Tile::P * stride + 31) / 32 * 32 + Tile::columns % 32;
    float at[Tile::rows * row_stride];
    static_assert(2 * sizeof(at) + sizeof(float) * Tile::rows <= 48 << 10, "two boards must fit into a block's memory");
    __device__ float& operator()(int row, int channel) {
        return at[row * row_stride + channel % Tile::P * stride + channel / Tile::P];
    }
};

} // namespace walt::cuda::detail
