// CPU: window attention. A task is one head and a share of the windows; the shares do not depend on the number of
// threads, and their sums are added in order, so results do not either.
#pragma once

#include "../../config/window.hpp"
#include "../reference/window_attention.hpp"
#include "attention_head.hpp"
#include "context.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

namespace walt::cpu::inline WALT_INSTRUCTION_SET {

namespace detail {

/// How a layer's windows are dealt to tasks. Windows are numbered over samples, frames, places.
template <class Shape> struct window_shares {
    static constexpr std::int64_t per_sample = std::int64_t{Shape::frames / Shape::window_frames} * Shape::windows;
    std::int64_t windows, count; ///< shares: at least eight windows each, since each has its own sum of bias gradients

    explicit window_shares(std::int64_t samples)
        : windows(samples * per_sample), count(std::clamp<std::int64_t>(windows / 8, 1, 16)) {}
    std::int64_t first(std::int64_t share) const { return share * windows / count; }

    /// Calls body(tasks first to last of heads x shares) on all cores; a window and head has `products` of L x L x dh.
    template <class Body> void deal(int products, const Body& body) const {
        constexpr std::int64_t product = std::int64_t{Shape::tokens} * Shape::tokens * Shape::head_dim;
        parallel_ranges(Shape::heads * count, products * product / 64 * (windows / count), body);
    }
};

/// The rows of window number w, of one head; from the number of tokens on, those of the next window that will be asked
/// for ahead.
template <class Shape> class window_place {
    static constexpr int ahead = std::min(rows_ahead, Shape::tokens);
    std::array<std::int64_t, Shape::tokens + ahead> rows_;

    /// The rows of the first tokens of a window.
    static void put_rows(std::int64_t w, int tokens, std::int64_t* to) {
        constexpr int stacks = Shape::frames / Shape::window_frames;
        const std::int64_t sample = w / window_shares<Shape>::per_sample;
        const int first_frame = static_cast<int>(w / Shape::windows % stacks) * Shape::window_frames;
        for (int frame = 0, l = 0; l < tokens; ++frame) {
            const std::int64_t first =
                Shape::first_row(sample, static_cast<int>(w % Shape::windows), first_frame + frame);
            for (int i = 0; i < Shape::run && l < tokens; ++i, ++l) to[l] = first + i;
        }
    }

  public:
    std::int64_t sample;
    int head;

    window_place(std::int64_t w, std::int64_t next, int of_head)
        : sample(w / window_shares<Shape>::per_sample), head(of_head) {
        put_rows(w, Shape::tokens, rows_.data());
        put_rows(next, ahead, rows_.data() + Shape::tokens);
    }
    std::int64_t row(int token) const { return rows_[static_cast<std::size_t>(token)]; }
    /// l -> the head's entries in row l of the window; part 0, 1, 2 of q, k, v.
    template <class Rows> auto rows(const Rows& of, int part = 0) const {
        return [this, data = of.data() + (part * Shape::heads + head) * Shape::head_dim, width = of.extent(1)](int l) {
            return data + row(l) * width;
        };
    }
};

/// Shape::code of every token.
template <class Shape>
inline constexpr auto token_codes = [] {
    std::array<int, Shape::tokens> codes{};
    for (int l = 0; l < Shape::tokens; ++l) codes[static_cast<std::size_t>(l)] = Shape::code(l);
    return codes;
}();

/// A key's part of a head's table: the entry of (query, key) is at code(query) of it.
template <class Shape, class Table> auto bias_row(Table* table, int key) {
    return table + Shape::bias_center - token_codes<Shape>[static_cast<std::size_t>(key)];
}

/// The relative bias of every head as a matrix [keys, queries]; an image's keys in other frames are masked in `images`.
template <class Shape> struct expanded_bias {
    static constexpr bool identity = Shape::window_frames > 1 && Shape::images == image_rule::identity;
    static constexpr bool own_frame = Shape::window_frames > 1 && Shape::images == image_rule::own_frame;
    std::vector<unit_matrix> videos, images; ///< a head's

    template <class Bias> expanded_bias(arena& memory, const Bias& table) {
        for (int head = 0; head < Shape::heads; ++head) {
            videos.emplace_back(memory, Shape::tokens, Shape::tokens);
            if (own_frame) images.emplace_back(memory, Shape::tokens, Shape::tokens);
        }
        parallel(Shape::heads, std::int64_t{Shape::tokens} * Shape::tokens, [&](std::int64_t head) {
            const auto h = static_cast<std::size_t>(head);
            expand(table.data() + head * Shape::bias_size, videos[h], false);
            if (own_frame) expand(table.data() + head * Shape::bias_size, images[h], true);
        });
    }
    const unit_matrix& of(int head, bool image) const {
        return (own_frame && image ? images : videos)[static_cast<std::size_t>(head)];
    }

  private:
    static void expand(const float* table, const unit_matrix& to, bool image) {
        to.fill(masked);
        for (int key = 0; key < Shape::tokens; ++key) {
            const float* from = bias_row<Shape>(table, key);
            float* row = to.row(key);
            const int first = image ? key / Shape::run * Shape::run : 0,
                      last = image ? first + Shape::run : Shape::tokens;
            for (int query = first; query < last; ++query)
                row[query] = from[token_codes<Shape>[static_cast<std::size_t>(query)]];
        }
    }
};

} // namespace detail

template <class Shape, class T, int R, class Norm, class Bias, class Images, class Lse>
void window_attention_on(context& ctx, Shape, view<const T, R, 3 * Shape::width> qkv, Norm q_weight, Norm k_weight,
                         Bias rel_bias, Images is_image, view<T, R, Shape::width> out, Lse lse) {
    constexpr int L = Shape::tokens, Dh = Shape::head_dim;
    const arena::scope scope(ctx.arena);
    const detail::expanded_bias<Shape> bias(ctx.arena, rel_bias);
    const detail::window_shares<Shape> shares(is_image.extent(0));
    const auto q_norm = norm_of<Dh>(q_weight, 1.0f / std::sqrt(static_cast<float>(Dh))), k_norm = norm_of<Dh>(k_weight);
    shares.deal(2, [&](std::int64_t first, std::int64_t last) {
        const attention_head<T, L, L, Dh> head;
        for (std::int64_t task = first; task < last; ++task) {
            const int a = static_cast<int>(task / shares.count);
            const std::int64_t end = shares.first(task % shares.count + 1);
            for (std::int64_t w = shares.first(task % shares.count); w < end; ++w) {
                const detail::window_place<Shape> at(w, std::min(w + 1, end - 1), a);
                const bool image = is_image(at.sample);
                const auto query = at.rows(qkv, 0), key = at.rows(qkv, 1), value = at.rows(qkv, 2);
                const auto to = at.rows(out);
                const auto lse_of = [&](int l) -> float& { return lse(at.row(l), a); };
                if (bias.identity && image) // docs/model.md 1.5: a token's output is its own v
                    for (int l = 0; l < L; ++l) {
                        auto q = head_row<Dh>::of(query(l)), k = head_row<Dh>::of(key(l));
                        q_norm.apply(q);
                        k_norm.apply(k);
                        std::copy_n(value(l), Dh, to(l));
                        lse_of(l) = q.dot(k) + rel_bias(a, Shape::bias_center);
                    }
                else head.run(query, key, value, q_norm, k_norm, bias.of(a, image), to, lse_of);
            }
        }
    });
}

template <class Shape, class T, int R, class Norm, class Bias, class Images, class Lse, class DNorm, class DBias>
void window_attention_grad_on(context& ctx, Shape, view<const T, R, 3 * Shape::width> qkv, Norm q_weight, Norm k_weight,
                              Bias rel_bias, Images is_image, view<const T, R, Shape::width> out, Lse lse,
                              view<const T, R, Shape::width> dout, view<T, R, 3 * Shape::width> dqkv, DNorm dq_norm,
                              DNorm dk_norm, DBias drel_bias) {
    constexpr int L = Shape::tokens, Dh = Shape::head_dim;
    const arena::scope scope(ctx.arena);
    const detail::expanded_bias<Shape> bias(ctx.arena, rel_bias);
    const detail::window_shares<Shape> shares(is_image.extent(0));
    const auto q_norm = norm_of<Dh>(q_weight, 1.0f / std::sqrt(static_cast<float>(Dh))), k_norm = norm_of<Dh>(k_weight);
    struct sums { // of one task
        std::vector<float> bias = std::vector<float>(Shape::bias_size);
        head_row<Dh> q_norm{}, k_norm{};
    };
    std::vector<sums> tasks(static_cast<std::size_t>(Shape::heads * shares.count));
    shares.deal(5, [&](std::int64_t first, std::int64_t last) {
        const arena::scope task_scope(thread_scratch());
        const unit_matrix dbias(thread_scratch(), L, L);
        const attention_head_grad<T, L, L, Dh> head;
        for (std::int64_t task = first; task < last; ++task) {
            const int a = static_cast<int>(task / shares.count);
            const std::int64_t share = task % shares.count;
            sums& mine = tasks[static_cast<std::size_t>(task)];
            dbias.fill(0);
            const std::int64_t end = shares.first(share + 1);
            for (std::int64_t w = shares.first(share); w < end; ++w) {
                const detail::window_place<Shape> at(w, std::min(w + 1, end - 1), a);
                const bool image = is_image(at.sample);
                const auto query = at.rows(qkv, 0), key = at.rows(qkv, 1), value = at.rows(qkv, 2);
                const auto dquery = at.rows(dqkv, 0), dkey = at.rows(dqkv, 1), dvalue = at.rows(dqkv, 2);
                const auto from = at.rows(dout);
                if (bias.identity && image) {
                    for (int l = 0; l < L; ++l) {
                        std::fill_n(dquery(l), Dh, T(0.0f));
                        std::fill_n(dkey(l), Dh, T(0.0f));
                        std::copy_n(from(l), Dh, dvalue(l));
                    }
                    continue;
                }
                head.load_rows(query, key, value, q_norm, k_norm, at.rows(out), from,
                               [&](int l) { return lse(at.row(l), a); });
                head.run(bias.of(a, image), &dbias);
                head.each_dquery(query, q_norm, mine.q_norm, [&](int l, const auto& row) { row.to(dquery(l)); });
                head.each_dkey(key, k_norm, mine.k_norm, [&](int l, const auto& row) { row.to(dkey(l)); });
                head.each_dvalue([&](int l, const auto& row) { row.to(dvalue(l)); });
            }
            for (int j = 0; j < L; ++j) {
                float* to = detail::bias_row<Shape>(mine.bias.data(), j);
                for (int i = 0; i < L; ++i)
                    to[detail::token_codes<Shape>[static_cast<std::size_t>(i)]] += dbias.row(j)[i];
            }
        }
    });

    for (std::size_t task = 0; task < tasks.size(); ++task) {
        const auto a = static_cast<std::int64_t>(task) / shares.count;
        for (int i = 0; i < Shape::bias_size; ++i) drel_bias(a, i) += tasks[task].bias[static_cast<std::size_t>(i)];
        if constexpr (!is_none<DNorm>) {
            tasks[task].q_norm.add_to(dq_norm.data());
            tasks[task].k_norm.add_to(dk_norm.data());
        }
    }
}

} // namespace walt::cpu::inline WALT_INSTRUCTION_SET
