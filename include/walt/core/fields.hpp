// The fields of a plain struct, one after another: what is done for each of them cannot leave a new one out.
#pragma once

#include <type_traits>

namespace walt {

namespace detail {
struct any_field {
    template <class T> constexpr operator T() const;
};
template <class T, class... Field> constexpr int fields_of() {
    if constexpr (requires { T{Field{}..., any_field{}}; }) return fields_of<T, Field..., any_field>();
    else return sizeof...(Field);
}
} // namespace detail

/// The number of an aggregate's fields. (Arrays as fields, and base classes with fields, are not understood.)
template <class T>
requires std::is_aggregate_v<T>
inline constexpr int field_count = detail::fields_of<T>();

/// Calls visit(field) for each field of an aggregate of at most 20, in order.
template <class T, class Visit> constexpr void each_field(T& of, Visit&& visit) {
    constexpr int count = field_count<std::remove_cv_t<T>>;
    static_assert(count <= 20, "a struct with more than 20 fields says itself what is done for each");
    const auto all = [&](auto&... field) { (visit(field), ...); };
    // clang-format off
    if constexpr (count == 1) { auto& [a] = of; all(a); }
    else if constexpr (count == 2) { auto& [a, b] = of; all(a, b); }
    else if constexpr (count == 3) { auto& [a, b, c] = of; all(a, b, c); }
    else if constexpr (count == 4) { auto& [a, b, c, d] = of; all(a, b, c, d); }
    else if constexpr (count == 5) { auto& [a, b, c, d, e] = of; all(a, b, c, d, e); }
    else if constexpr (count == 6) { auto& [a, b, c, d, e, f] = of; all(a, b, c, d, e, f); }
    else if constexpr (count == 7) { auto& [a, b, c, d, e, f, g] = of; all(a, b, c, d, e, f, g); }
    else if constexpr (count == 8) { auto& [a, b, c, d, e, f, g, h] = of; all(a, b, c, d, e, f, g, h); }
    else if constexpr (count == 9) { auto& [a, b, c, d, e, f, g, h, i] = of; all(a, b, c, d, e, f, g, h, i); }
    else if constexpr (count == 10) { auto& [a, b, c, d, e, f, g, h, i, j] = of; all(a, b, c, d, e, f, g, h, i, j); }
    else if constexpr (count == 11) {
        auto& [a, b, c, d, e, f, g, h, i, j, k] = of;
        all(a, b, c, d, e, f, g, h, i, j, k);
    } else if constexpr (count == 12) {
        auto& [a, b, c, d, e, f, g, h, i, j, k, l] = of;
        all(a, b, c, d, e, f, g, h, i, j, k, l);
    } else if constexpr (count == 13) {
        auto& [a, b, c, d, e, f, g, h, i, j, k, l, m] = of;
        all(a, b, c, d, e, f, g, h, i, j, k, l, m);
    } else if constexpr (count == 14) {
        auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n] = of;
        all(a, b, c, d, e, f, g, h, i, j, k, l, m, n);
    } else if constexpr (count == 15) {
        auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o] = of;
        all(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o);
    } else if constexpr (count == 16) {
        auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = of;
        all(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p);
    } else if constexpr (count == 17) {
        auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q] = of;
        all(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q);
    } else if constexpr (count == 18) {
        auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r] = of;
        all(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r);
    } else if constexpr (count == 19) {
        auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s] = of;
        all(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s);
    } else if constexpr (count == 20) {
        auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t] = of;
        all(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t);
    }
    // clang-format on
}

} // namespace walt
