// Parts of different types that run one after the other, each on what the one before gave: the levels of a network.
#pragma once

#include "../core/buffer.hpp"
#include "../core/history.hpp"
#include "../core/video.hpp"

#include <optional>
#include <tuple>
#include <utility>

namespace walt::nn {

/// Links in the order in which they run. A link has a `name`, and `saved(arena, x, passage)` with the result, a
/// video, as `output()`.
template <class... Link> struct chain {
    static constexpr std::size_t length = sizeof...(Link);
    std::tuple<Link...> links;

    static constexpr void each(auto& self, auto&& visit) {
        std::apply([&](auto&... link) { (visit(Link::name, link), ...); }, self.links);
    }

    /// What each link keeps, made for what it will see.
    template <class T> struct saved {
        std::tuple<std::optional<typename Link::template saved<T>>...> link;

        template <class X> saved(arena& from, const X& x, const passage& how) {
            each_index([&]<std::size_t i>() { std::get<i>(link).emplace(from, input<i>(x), how); });
        }
        template <std::size_t i> const auto& at() const { return *std::get<i>(link); }
        /// What link i sees, of what the first one does.
        template <std::size_t i, class X> const auto& input(const X& x) const {
            if constexpr (i == 0) return x;
            else return at<i - 1>().output();
        }
        const auto& output() const { return at<length - 1>().output(); }
    };

    /// Calls run(link, what it sees, what it keeps), first to last. The result is keep.output().
    template <class T> void forward(auto x, const saved<T>& keep, auto&& run) const {
        each_index([&]<std::size_t i>() { run(std::get<i>(links), keep.template input<i>(x), keep.template at<i>()); });
    }
    /// Calls run(link, what it saw, what it kept, the gradient of what it gave, the gradient to assign), last to first.
    template <class T> void backward(auto& ctx, auto x, const saved<T>& keep, auto dy, auto dx, auto&& run) const {
        const arena::scope scope(ctx.arena);
        const auto between = [&]<std::size_t... i>(std::index_sequence<i...>) {
            return std::make_tuple(like(ctx, keep.template at<i>().output())...);
        }
        (std::make_index_sequence<length - 1>());
        each_index([&]<std::size_t i>() {
            constexpr std::size_t at = length - 1 - i;
            const auto behind = [&] {
                if constexpr (at == length - 1) return dy;
                else return std::get<at>(between);
            }();
            const auto before = [&] {
                if constexpr (at == 0) return dx;
                else return std::get<at - 1>(between);
            }();
            run(std::get<at>(links), keep.template input<at>(x), keep.template at<at>(), behind, before);
        });
    }

    /// Calls visit.template operator()<i>() for the number of each link, first to last.
    static void each_index(auto&& visit) {
        [&]<std::size_t... i>(std::index_sequence<i...>) { (visit.template operator()<i>(), ...); }
        (std::make_index_sequence<length>());
    }

  private:
    template <class T, int C> static auto like(auto& ctx, const video_view<T, C>& x) {
        return size_of(x).template take<T, C>(ctx.arena);
    }
};

} // namespace walt::nn
