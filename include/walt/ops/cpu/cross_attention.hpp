// CPU: text cross-attention. A task is one head and a share of the frames; shares do not depend on the number of
// threads, and what frames share is added in their order afterwards, so results do not either.
#pragma once

#include "../reference/cross_attention.hpp"
#include "attention_head.hpp"
#include "context.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace walt::cpu::inline WALT_INSTRUCTION_SET {

namespace detail {

inline constexpr std::int64_t frame_shares = 16; // per head

/// Calls body(scratch, head, share, frame) for all heads and frames, where a Scratch is used by one thread at a time.
/// `cost` is that of a head and frame.
template <class Scratch, class Body>
void each_frame(int heads, std::int64_t frames, std::int64_t cost, const Body& body) {
    const std::int64_t shares = std::min(frame_shares, frames);
    if (shares < 1) return;
    parallel_ranges(heads * shares, cost * (frames / shares), [&](std::int64_t first, std::int64_t last) {
        const Scratch scratch;
        for (std::int64_t task = first; task < last; ++task) {
            const std::int64_t share = task % shares;
            for (std::int64_t f = share * frames / shares; f < (share + 1) * frames / shares; ++f)
                body(scratch, static_cast<int>(task / shares), share, f);
        }
    });
}

/// A thread's scratch: the loops of a head, and the mask [keys, queries] of text positions.
template <class Shape, class Head> struct cross_scratch {
    static constexpr int keys = Shape::per_frame + Shape::text_tokens;
    static constexpr std::int64_t product =
        std::int64_t{keys} * Shape::per_frame * Shape::head_dim; ///< multiplications
    arena::scope scope{thread_scratch()};
    unit_matrix mask{thread_scratch(), keys, Shape::per_frame};
    Head head;

    cross_scratch() {
        for (int j = keys; j < mask.rows; ++j) std::fill_n(mask.row(j), mask.width, masked);
    }
    template <class Valid> void hide(const Valid& valid, std::int64_t text) const {
        for (int m = 0; m < Shape::text_tokens; ++m)
            std::fill_n(mask.row(Shape::per_frame + m), mask.width,
                        valid(text * Shape::text_tokens + m) ? 0.0f : masked);
    }
};

/// l -> one head's entries of row first + l, of the last row behind it.
template <class Rows> auto head_rows(const Rows& of, std::int64_t first, int column) {
    return [data = of.data() + first * of.extent(1) + column, width = of.extent(1),
            last = of.extent(0) - first - 1](int l) { return data + std::min<std::int64_t>(l, last) * width; };
}

/// The keys and values of a frame, and behind them those of the next.
template <class Source> struct frame_and_next {
    Source frame, next;
    auto key(int j) const { return j < Source::count ? frame.key(j) : next.key(j - Source::count); }
    auto value(int j) const { return j < Source::count ? frame.value(j) : next.value(j - Source::count); }
};
template <class Shape, class T, class Kv, class TextKv, class Rows>
auto keys_of(const Kv& kv, const TextKv& text_kv, const Rows& text_row, std::int64_t f, int head) {
    using source = reference::detail::cross_source<Shape, T, Kv, TextKv>;
    const std::int64_t next = std::min(f + 1, text_row.extent(0) - 1);
    return frame_and_next<source>{{kv, text_kv, f, text_row(f), head}, {kv, text_kv, next, text_row(next), head}};
}

} // namespace detail

template <class Shape, class T, int R, int S, class Rows, class Valid, class Norm, class Lse>
void cross_attention_on(context&, Shape, view<const T, R, Shape::width> q, view<const T, R, 2 * Shape::width> kv,
                        view<const T, S, 2 * Shape::width> text_kv, Rows text_row, Valid text_valid, Norm q_weight,
                        Norm k_weight, view<T, R, Shape::width> out, Lse lse) {
    constexpr int N = Shape::per_frame, Dh = Shape::head_dim;
    using scratch = detail::cross_scratch<Shape, attention_head<T, N, N + Shape::text_tokens, Dh>>;
    reference::check_indices(text_row, text_kv.extent(0) / Shape::text_tokens, "ops::cross_attention");
    const auto q_norm = norm_of<Dh>(q_weight, 1.0f / std::sqrt(static_cast<float>(Dh))), k_norm = norm_of<Dh>(k_weight);
    detail::each_frame<scratch>(Shape::heads, text_row.extent(0), 2 * scratch::product / 64,
                                [&](const scratch& own, int a, std::int64_t, std::int64_t f) {
                                    const auto source = detail::keys_of<Shape, T>(kv, text_kv, text_row, f, a);
                                    own.hide(text_valid, text_row(f));
                                    own.head.run(
                                        detail::head_rows(q, f * N, a * Dh), [&](int j) { return source.key(j); },
                                        [&](int j) { return source.value(j); }, q_norm, k_norm, own.mask,
                                        detail::head_rows(out, f * N, a * Dh),
                                        [&](int l) -> float& { return lse(f * N + l, a); });
                                });
}

template <class Shape, class T, int R, int S, class Rows, class Valid, class Norm, class Lse, class DNorm>
void cross_attention_grad_on(context& ctx, Shape, view<const T, R, Shape::width> q,
                             view<const T, R, 2 * Shape::width> kv, view<const T, S, 2 * Shape::width> text_kv,
                             Rows text_row, Valid text_valid, Norm q_weight, Norm k_weight,
                             view<const T, R, Shape::width> out, Lse lse, view<const T, R, Shape::width> dout,
                             view<T, R, Shape::width> dq, view<T, R, 2 * Shape::width> dkv,
                             view<T, S, 2 * Shape::width> dtext_kv, DNorm dq_norm, DNorm dk_norm) {
    constexpr int N = Shape::per_frame, M = Shape::text_tokens, Dh = Shape::head_dim, D = Shape::width;
    using scratch = detail::cross_scratch<Shape, attention_head_grad<T, N, N + M, Dh>>;
    const auto q_norm = norm_of<Dh>(q_weight, 1.0f / std::sqrt(static_cast<float>(Dh))), k_norm = norm_of<Dh>(k_weight);
    const std::int64_t frames = text_row.extent(0);
    const arena::scope scope(ctx.arena);
    const auto frame_text = ctx.arena.take<float, dynamic, M, 2 * D>(frames); // every frame's own d(text k, text v)
    struct sums {                                                             // of one task
        head_row<Dh> q_norm{}, k_norm{};
    };
    std::vector<sums> tasks(static_cast<std::size_t>(Shape::heads * detail::frame_shares));

    detail::each_frame<scratch>(
        Shape::heads, frames, 5 * scratch::product / 64,
        [&](const scratch& own, int a, std::int64_t share, std::int64_t f) {
            sums& mine = tasks[static_cast<std::size_t>(a * detail::frame_shares + share)];
            const auto source = detail::keys_of<Shape, T>(kv, text_kv, text_row, f, a);
            const auto query = detail::head_rows(q, f * N, a * Dh);
            const auto key = [&](int j) { return source.key(j); };
            const auto put = [&](int part) {
                return [&, part, to = detail::head_rows(dkv, f * N, part * D + a * Dh)](int j, const auto& row) {
                    if (j < N) row.to(to(j));
                    else row.to(&frame_text(f, j - N, part * D + a * Dh));
                };
            };
            own.hide(text_valid, text_row(f));
            own.head.load_rows(
                query, key, [&](int j) { return source.value(j); }, q_norm, k_norm,
                detail::head_rows(out, f * N, a * Dh), detail::head_rows(dout, f * N, a * Dh),
                [&](int l) { return lse(f * N + l, a); });
            own.head.run(own.mask, nullptr);
            own.head.each_dquery(
                query, q_norm, mine.q_norm,
                [&, to = detail::head_rows(dq, f * N, a * Dh)](int l, const auto& row) { row.to(to(l)); });
            own.head.each_dkey(key, k_norm, mine.k_norm, put(0));
            own.head.each_dvalue(put(1));
        });

    const std::int64_t texts = dtext_kv.extent(0) / M;
    const auto sum = ctx.arena.take<float, dynamic, M, 2 * D>(texts);
    parallel_pieces(
        M * 2 * D, 512,
        [&](std::int64_t first, std::int64_t last) {
            for (std::int64_t t = 0; t < texts; ++t)
                std::fill(sum.data() + t * M * 2 * D + first, sum.data() + t * M * 2 * D + last, 0.0f);
            for (std::int64_t f = 0; f < frames; ++f) {
                const float* from = frame_text.data() + f * M * 2 * D;
                float* to = sum.data() + text_row(f) * M * 2 * D;
                for (std::int64_t i = first; i < last; ++i) to[i] += from[i];
            }
        },
        frames);
    for (std::int64_t i = 0; i < sum.size(); ++i) dtext_kv.data()[i] = static_cast<T>(sum.data()[i]);
    if constexpr (!is_none<DNorm>)
        for (const sums& task : tasks) {
            task.q_norm.add_to(dq_norm.data());
            task.k_norm.add_to(dk_norm.data());
        }
}

} // namespace walt::cpu::inline WALT_INSTRUCTION_SET
