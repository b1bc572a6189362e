// One head's part of a token's row in vectors: loading, QK norm and its gradient (docs/model.md 1.5), packing for
// products.
#pragma once

#include "../modulated_norm.hpp"
#include "parallel.hpp"
#include "unit_matrix.hpp"

#include <algorithm>
#include <cmath>

namespace walt::cpu::inline WALT_INSTRUCTION_SET {

/// Dh floats in whole vectors; the lanes behind Dh are zeros.
template <int Dh> struct head_row {
    static constexpr int vectors = to_lanes(Dh) / vector_lanes;
    float_vector part[vectors];

    template <class T> [[gnu::always_inline]] static head_row of(const T* from) {
        head_row row;
#pragma GCC unroll 16
        for (int v = 0; v < vectors; ++v)
            if (v < Dh / vector_lanes) load(row.part[v], from + v * vector_lanes);
            else load(row.part[v], from + v * vector_lanes, Dh % vector_lanes);
        return row;
    }
    template <class T> [[gnu::always_inline]] void to(T* to) const {
#pragma GCC unroll 16
        for (int v = 0; v < vectors; ++v)
            if (v < Dh / vector_lanes) store(part[v], to + v * vector_lanes);
            else store(part[v], to + v * vector_lanes, Dh % vector_lanes);
    }
    [[gnu::always_inline]] float dot(const head_row& other) const {
        float_vector sum = part[0] * other.part[0];
#pragma GCC unroll 16
        for (int v = 1; v < vectors; ++v) sum += part[v] * other.part[v];
        return sum_of(sum);
    }
    [[gnu::always_inline]] float sum() const {
        float_vector sum = part[0];
#pragma GCC unroll 16
        for (int v = 1; v < vectors; ++v) sum += part[v];
        return sum_of(sum);
    }
    /// sum [Dh] += this.
    void add_to(float* sum) const {
        head_row total = of(sum);
        for (int v = 0; v < vectors; ++v) total.part[v] += part[v];
        total.to(sum);
    }
    /// Lanes that hold something, as ones.
    [[gnu::always_inline]] static head_row ones() {
        float all[vectors * vector_lanes] = {};
        for (int d = 0; d < Dh; ++d) all[d] = 1;
        return of(all);
    }
};

/// Rows of one head lie far apart, so the processor does not foresee them: they are asked for this many rows ahead. So
/// functions of a row's number go on behind the last row: with what will be read next.
inline constexpr int rows_ahead = 32;
template <int Rows> constexpr int row_ahead(int l) {
    return std::min(l + rows_ahead, Rows + std::min(rows_ahead, Rows) - 1);
}
template <int Dh, class T> [[gnu::always_inline]] inline void prefetch(const T* row) {
    for (int d = 0; d < Dh; d += static_cast<int>(64 / sizeof(T))) __builtin_prefetch(row + d);
}

/// y = LN(x) weight factor over a head, or x factor where Norm is none.
template <int Dh, class Norm> class head_norm {
    using row = head_row<Dh>;
    static constexpr bool normed = !is_none<Norm>;
    static constexpr float share = 1.0f / Dh;

  public:
    explicit head_norm(const Norm& weight, float factor = 1) : factor_(factor) {
        if constexpr (normed) weight_ = row::of(weight.data());
    }

    [[gnu::always_inline]] void apply(row& x) const {
        if constexpr (normed) {
            const float scale = normalise(x) * factor_;
#pragma GCC unroll 16
            for (int v = 0; v < row::vectors; ++v) x.part[v] *= scale * weight_.part[v];
        } else {
#pragma GCC unroll 16
            for (int v = 0; v < row::vectors; ++v) x.part[v] *= factor_;
        }
    }

    /// dy becomes dx; dweight is added to.
    [[gnu::always_inline]] void gradient(const row& of, row& dy, row& dweight) const {
        if constexpr (normed) {
            row x = of;
            const float rstd = normalise(x), scale = rstd * factor_;
#pragma GCC unroll 16
            for (int v = 0; v < row::vectors; ++v) {
                x.part[v] *= rstd;
                dweight.part[v] += factor_ * dy.part[v] * x.part[v];
                dy.part[v] *= weight_.part[v];
            }
            const float mean = dy.sum() * share;
            const float projection = dy.dot(x) * share;
#pragma GCC unroll 16
            for (int v = 0; v < row::vectors; ++v) dy.part[v] = scale * (dy.part[v] - mean - projection * x.part[v]);
        } else {
#pragma GCC unroll 16
            for (int v = 0; v < row::vectors; ++v) dy.part[v] *= factor_;
        }
    }

  private:
    /// Subtracts the mean; returns 1 / standard deviation.
    [[gnu::always_inline]] float normalise(row& x) const {
        const float mean = x.sum() * share;
#pragma GCC unroll 16
        for (int v = 0; v < row::vectors; ++v) x.part[v] -= mean;
        if constexpr (Dh % vector_lanes != 0) x.part[row::vectors - 1] *= last_;
        return 1.0f / std::sqrt(x.dot(x) * share + static_cast<float>(ops::norm_epsilon));
    }

    float factor_;
    row weight_{};
    float_vector last_ = row::ones().part[row::vectors - 1];
};
template <int Dh, class Norm> head_norm<Dh, Norm> norm_of(const Norm& weight, float factor = 1) {
    return head_norm<Dh, Norm>(weight, factor);
}

/// Columns [column, column + 16) of row l of a left matrix of operand type T.
template <class T>
[[gnu::always_inline]] inline void put_left(const unit_matrix& to, int l, int column, const float_vector& values) {
    store(values, reinterpret_cast<T*>(to.row(l)) + column);
}

/// Columns [column, column + 16) of rows l and l + 1, l even, of a right matrix.
template <class T>
[[gnu::always_inline]] inline void put_right(const unit_matrix& to, int l, int column, const float_vector& even,
                                             const float_vector& odd) {
    if constexpr (std::is_same_v<T, float>) {
        store(even, to.row(l) + column);
        store(odd, to.row(l + 1) + column);
    } else {
        half_bits_vector low, high;
        to_bf16(low, even);
        to_bf16(high, odd);
        bits_vector low_bits, high_bits;
        widen(low_bits, low);
        widen(high_bits, high);
        store(reinterpret_cast<float_vector>(low_bits | (high_bits << 16)), to.row(l / 2) + column);
    }
}

/// As which operands of products a head's rows are wanted.
enum class operands { left, right, both };

/// A head's rows [Rows, Dh] as a left and as a right operand, or as one of them. Of floats both are one.
template <class T, int Rows, int Dh, operands As = operands::both> struct packed_head {
    static constexpr bool one = std::is_same_v<T, float>, as_left = !one && As != operands::right,
                          as_right = one || As != operands::left;
    unit_matrix left, right; ///< the same where only one is wanted

    explicit packed_head(arena& memory)
        : left(as_left ? unit_matrix(memory, Rows, units<T>(Dh)) : unit_matrix(memory, units<T>(Rows), Dh)),
          right(as_left && as_right ? unit_matrix(memory, units<T>(Rows), Dh) : left) {}

    /// Row l is map(source(l)).
    template <class Source, class Map> void pack(Source&& source, Map&& map) const {
        for (int l = 0; l < Rows; l += 2) {
            prefetch<Dh>(source(row_ahead<Rows>(l)));
            prefetch<Dh>(source(row_ahead<Rows>(l + 1)));
            head_row<Dh> even = head_row<Dh>::of(source(l)), odd{};
            map(even);
            if (l + 1 < Rows) {
                odd = head_row<Dh>::of(source(l + 1));
                map(odd);
            }
#pragma GCC unroll 16
            for (int v = 0; v < even.vectors; ++v) {
                if constexpr (as_left) {
                    put_left<T>(left, l, v * vector_lanes, even.part[v]);
                    put_left<T>(left, l + 1, v * vector_lanes, odd.part[v]);
                }
                if constexpr (as_right) put_right<T>(right, l, v * vector_lanes, even.part[v], odd.part[v]);
            }
        }
    }
};

} // namespace walt::cpu::inline WALT_INSTRUCTION_SET
