// One head's attention of some queries to some keys, forward and backward: what window and cross-attention share.
//
// Scores are held transposed, keys by queries, a block of queries at a time: a softmax then runs down a column of
// vectors and never across one. A bias [keys, queries] is added to them; its rows behind the last key must be `masked`.
#pragma once

#include "attention_rows.hpp"
#include "small_product.hpp"

#include <algorithm>
#include <cmath>

namespace walt::cpu::inline WALT_INSTRUCTION_SET {

inline constexpr float masked = -1e30f; // a logit whose weight is 0

namespace detail {
inline constexpr int query_block = 64; // queries at a time: the scores of a few hundred keys stay in cache
inline constexpr auto as_it_is = [](auto&) {};
constexpr int to_fours(int count) { return (count + 3) / 4 * 4; } // rows that every product writes
} // namespace detail

/// out = softmax(q k^T + bias) v of one head. Rows come from and go to functions of the row's number.
template <class T, int Queries, int Keys, int Dh> class attention_head {
    using operand = operand_t<T>;
    static constexpr int block = detail::query_block, key_rows = detail::to_fours(Keys);
    arena::scope scope_;
    packed_head<operand, Queries, Dh, operands::left> q_;
    packed_head<operand, Keys, Dh, operands::left> k_;
    packed_head<operand, Keys, Dh, operands::right> v_;
    unit_matrix q_transposed_, v_transposed_, scores_, weights_, mixed_transposed_, mixed_;
    tile_registers tiles_;

  public:
    explicit attention_head(arena& memory = thread_scratch())
        : scope_(memory), q_(memory), k_(memory), v_(memory), q_transposed_(memory, units<operand>(Dh), Queries),
          v_transposed_(memory, Dh, units<operand>(Keys)), scores_(memory, Keys, block),
          weights_(memory, units<operand>(Keys), block), mixed_transposed_(memory, Dh, block),
          mixed_(memory, block, Dh) {}

    /// query, key, value: l -> const T*; out: l -> T*; lse: l -> float&. q_norm carries the factor 1 / sqrt(dh).
    template <class Query, class Key, class Value, class Norm, class Out, class Lse>
    void run(Query&& query, Key&& key, Value&& value, const head_norm<Dh, Norm>& q_norm,
             const head_norm<Dh, Norm>& k_norm, const unit_matrix& bias, Out&& out, Lse&& lse) const {
        q_.pack(query, [&](auto& row) { q_norm.apply(row); });
        k_.pack(key, [&](auto& row) { k_norm.apply(row); });
        v_.pack(value, detail::as_it_is);
        transpose(q_.left, q_transposed_);
        transpose(v_.right, v_transposed_);
        for (int first = 0; first < Queries; first += block) {
            const int lanes = std::min(block, q_transposed_.width - first), count = std::min(block, Queries - first);
            small_product<operand>(Keys, lanes, units<operand>(Dh), k_.left, q_transposed_.from(0, first),
                                   bias.from(0, first), scores_.row(0), scores_.width);
            float largest[block], total[block], share[block];
            for (int c = 0; c < lanes; c += vector_lanes) softmax(c, largest + c, total + c, share + c);
            small_product<operand>(Dh, lanes, units<operand>(Keys), v_transposed_, weights_, {},
                                   mixed_transposed_.row(0), mixed_transposed_.width);
            transpose(mixed_transposed_, mixed_);
            for (int l = 0; l < count; ++l) {
                auto row = head_row<Dh>::of(mixed_.row(l));
                for (auto& part : row.part) part *= share[l];
                row.to(out(first + l));
                lse(first + l) = largest[l] + std::log(total[l]);
            }
        }
    }

  private:
    /// weights = exp(scores - largest) of sixteen queries from lane c on; their sums are `total`, share = 1 / total.
    void softmax(int c, float* largest, float* total, float* share) const {
        float_vector most[4], sum[4] = {};
        for (int l = 0; l < 4; ++l) load(most[l], scores_.row(l) + c);
        for (int j = 4; j < key_rows; j += 4)
            for (int l = 0; l < 4; ++l) {
                float_vector s;
                load(s, scores_.row(j + l) + c);
                raise(most[l], s);
            }
        for (int l = 1; l < 4; ++l) raise(most[0], most[l]);
        for (int j = 0; j < key_rows; j += 4) {
            float_vector p[4];
#pragma GCC unroll 4
            for (int l = 0; l < 4; ++l) {
                load(p[l], scores_.row(j + l) + c);
                p[l] -= most[0];
                exp_in_place(p[l]);
                sum[l] += p[l];
            }
            put_right<operand>(weights_, j, c, p[0], p[1]);
            put_right<operand>(weights_, j + 2, c, p[2], p[3]);
        }
        store(most[0], largest);
        sum[0] = (sum[0] + sum[1]) + (sum[2] + sum[3]);
        store(sum[0], total);
        store(1.0f / sum[0], share);
    }
};

/// The gradients of attention_head. Call load, run, then each of the gradients.
template <class T, int Queries, int Keys, int Dh> class attention_head_grad {
    using operand = operand_t<T>;
    static constexpr bool in_place = std::is_same_v<operand, float>; // a float matrix is its own left and right operand
    static constexpr int block = detail::query_block, key_rows = detail::to_fours(Keys);
    arena::scope scope_;
    packed_head<operand, Queries, Dh> q_, dout_;
    packed_head<operand, Keys, Dh> k_;
    packed_head<operand, Keys, Dh, operands::left> v_;
    unit_matrix q_transposed_, dout_transposed_, k_transposed_;
    unit_matrix scores_, dscores_, weights_left_, dscores_left_, dscores_right_, dq_transposed_, dq_, dk_, dv_;
    unit_matrix lse_, inner_; // rows of one entry a query
    tile_registers tiles_;

  public:
    explicit attention_head_grad(arena& memory = thread_scratch())
        : scope_(memory), q_(memory), dout_(memory), k_(memory), v_(memory),
          q_transposed_(memory, units<operand>(Dh), Queries), dout_transposed_(memory, units<operand>(Dh), Queries),
          k_transposed_(memory, Dh, units<operand>(Keys)), scores_(memory, Keys, block), dscores_(memory, Keys, block),
          weights_left_(in_place ? scores_ : unit_matrix(memory, Keys, units<operand>(block))),
          dscores_left_(in_place ? dscores_ : unit_matrix(memory, Keys, units<operand>(block))),
          dscores_right_(in_place ? dscores_ : unit_matrix(memory, units<operand>(Keys), block)),
          dq_transposed_(memory, Dh, Queries), dq_(memory, Queries, Dh), dk_(memory, Keys, Dh), dv_(memory, Keys, Dh),
          lse_(memory, 1, Queries), inner_(memory, 1, Queries) {}

    template <class Query, class Key, class Value, class Norm, class Out, class DOut, class Lse>
    void load_rows(Query&& query, Key&& key, Value&& value, const head_norm<Dh, Norm>& q_norm,
                   const head_norm<Dh, Norm>& k_norm, Out&& out, DOut&& dout, Lse&& lse) const {
        q_.pack(query, [&](auto& row) { q_norm.apply(row); });
        k_.pack(key, [&](auto& row) { k_norm.apply(row); });
        v_.pack(value, detail::as_it_is);
        dout_.pack(dout, detail::as_it_is);
        transpose(q_.left, q_transposed_);
        transpose(dout_.left, dout_transposed_);
        transpose(k_.right, k_transposed_);
        for (int l = 0; l < Queries; ++l) { // inner = sum over keys of p dp = out . dout
            prefetch<Dh>(out(row_ahead<Queries>(l)));
            inner_.row(0)[l] = head_row<Dh>::of(out(l)).dot(head_row<Dh>::of(dout(l)));
            lse_.row(0)[l] = lse(l);
        }
    }

    /// The products. dbias [keys, queries] is added to, if there is one.
    void run(const unit_matrix& bias, const unit_matrix* dbias) const {
        for (int first = 0; first < Queries; first += block) {
            const int lanes = std::min(block, q_transposed_.width - first);
            const int unit = units<operand>(first);
            small_product<operand>(Keys, lanes, units<operand>(Dh), k_.left, q_transposed_.from(0, first),
                                   bias.from(0, first), scores_.row(0), scores_.width);
            small_product<operand>(Keys, lanes, units<operand>(Dh), v_.left, dout_transposed_.from(0, first), {},
                                   dscores_.row(0), dscores_.width);
            for (int c = 0; c < lanes; c += vector_lanes) softmax_grad(first, c, dbias);
            const auto so_far = [&](const unit_matrix& sum) { return first ? unit_rows(sum) : unit_rows{}; };
            small_product<operand>(Keys, Dh, units<operand>(lanes), weights_left_, dout_.right.from(unit, 0),
                                   so_far(dv_), dv_.row(0), dv_.width);
            small_product<operand>(Keys, Dh, units<operand>(lanes), dscores_left_, q_.right.from(unit, 0), so_far(dk_),
                                   dk_.row(0), dk_.width);
            small_product<operand>(Dh, lanes, units<operand>(Keys), k_transposed_, dscores_right_, {},
                                   dq_transposed_.row(0) + first, dq_transposed_.width);
        }
        transpose(dq_transposed_, dq_);
    }

    /// put(l, row of the gradient) for every query, key or value, and norm weights' gradients, which are added to.
    template <class Query, class Norm, class Put>
    void each_dquery(Query&& query, const head_norm<Dh, Norm>& norm, head_row<Dh>& dweight, Put&& put) const {
        each(Queries, dq_, [&](int l, auto& row) {
            norm.gradient(head_row<Dh>::of(query(l)), row, dweight);
            put(l, row);
        });
    }
    template <class Key, class Norm, class Put>
    void each_dkey(Key&& key, const head_norm<Dh, Norm>& norm, head_row<Dh>& dweight, Put&& put) const {
        each(Keys, dk_, [&](int l, auto& row) {
            norm.gradient(head_row<Dh>::of(key(l)), row, dweight);
            put(l, row);
        });
    }
    template <class Put> void each_dvalue(Put&& put) const { each(Keys, dv_, put); }

  private:
    template <class Body> static void each(int count, const unit_matrix& rows, Body&& body) {
        for (int l = 0; l < count; ++l) {
            auto row = head_row<Dh>::of(rows.row(l));
            body(l, row);
        }
    }

    /// p = exp(scores - lse) and ds = p (dp - inner), of sixteen queries from lane c of the block on.
    void softmax_grad(int first, int c, const unit_matrix* dbias) const {
        float_vector lse, inner;
        load(lse, lse_.row(0) + first + c);
        load(inner, inner_.row(0) + first + c);
        for (int j = 0; j < key_rows; j += 2) {
            float_vector p[2], ds[2];
#pragma GCC unroll 2
            for (int l = 0; l < 2; ++l) {
                load(p[l], scores_.row(j + l) + c);
                load(ds[l], dscores_.row(j + l) + c);
                p[l] -= lse;
                exp_in_place(p[l]);
                ds[l] = p[l] * (ds[l] - inner);
                put_left<operand>(weights_left_, j + l, c, p[l]);
                if constexpr (!in_place) put_left<operand>(dscores_left_, j + l, c, ds[l]);
                if (dbias) {
                    float_vector sum;
                    float* place = dbias->row(j + l) + first + c;
                    load(sum, place);
                    store(sum + ds[l], place);
                }
            }
            put_right<operand>(dscores_right_, j, c, ds[0], ds[1]);
        }
    }
};

} // namespace walt::cpu::inline WALT_INSTRUCTION_SET
