// A module's parameters: declared as members, placed at compile time in one flat buffer, listed as a table.
//
// A module is a struct whose members are parameters and modules and whose `each` names them in forward order.
// `placed<Module>` is that struct with every offset set, a constant. Weights, gradients, optimizer moments and the EMA
// are buffers of `placed<Module>.extent` elements with this one layout.
#pragma once

#include "buffer.hpp"
#include "dtype.hpp"

#include <string>
#include <type_traits>
#include <vector>

namespace walt {

/// How a parameter starts (spec 1.7).
enum class init {
    zero,
    one,
    xavier,          ///< uniform with variance 2 / (fan in + fan out)
    normal,          ///< normal, std 0.02
    truncated,       ///< normal cut at two std, std 0.02
    truncated_fan_in ///< normal cut at two std, std 1 / sqrt(fan in)
};

/// A trainable tensor. Extents are those of the file; memory order is the same, row-major.
template <init Start, int... Extent> struct parameter {
    static constexpr init start = Start;
    static constexpr bool trainable = true, channels_last = false;
    static constexpr int rank = sizeof...(Extent);
    static constexpr std::size_t size = (std::size_t{1} * ... * std::size_t{Extent});
    static constexpr std::array<int, sizeof...(Extent)> extents{Extent...};
    template <class T> using view_of = view<T, Extent...>;
    std::size_t offset = 0;
};

/// A convolution kernel: [Out, In, Kt, Kh, Kw] in the file, [Out, Kt, Kh, Kw, In] in memory (channels last).
template <init Start, int Out, int In, int Kt, int Kh, int Kw> struct kernel : parameter<Start, Out, In, Kt, Kh, Kw> {
    static constexpr bool channels_last = true;
    template <class T> using view_of = view<T, Out, Kt, Kh, Kw, In>;
};

/// The same for one frame at a time: [Out, In, Kh, Kw] in the file, [Out, 1, Kh, Kw, In] in memory.
template <init Start, int Out, int In, int Kh, int Kw> struct frame_kernel : parameter<Start, Out, In, Kh, Kw> {
    static constexpr bool channels_last = true;
    template <class T> using view_of = view<T, Out, 1, Kh, Kw, In>;
};

/// A tensor that belongs to the model but is measured, not trained.
template <init Start, int... Extent> struct statistic : parameter<Start, Extent...> {
    static constexpr bool trainable = false;
};

/// An option that is absent: no parameters.
struct nothing {
    static constexpr void each(auto&, auto&&) {}
};

/// What a placement has handed out. `count` is what the paper counts; `extent` pads each tensor to 64 elements.
struct layout {
    std::size_t count = 0, extent = 0;
    constexpr std::size_t take(std::size_t size) {
        const std::size_t at = extent;
        count += size;
        extent += round_up(size, 64);
        return at;
    }
};

template <class Part> constexpr void place(Part& part, layout& l) {
    if constexpr (requires { part.place(l); }) part.place(l);
    else if constexpr (requires { part.offset; }) part.offset = l.take(Part::size);
    else Part::each(part, [&](auto, auto& child) { walt::place(child, l); });
}

/// Depth modules that alternate between two types. Depth is a number, not a type: only the first two are placed,
/// module i is module i % 2 shifted by i / 2 strides.
template <int Depth, class Even, class Odd = Even> struct repeat {
    static constexpr int depth = Depth;
    Even even;
    Odd odd;
    std::size_t stride = 0;

    constexpr void place(layout& l) {
        const layout before = l;
        walt::place(even, l);
        if constexpr (Depth > 1) walt::place(odd, l);
        stride = l.extent - before.extent;
        const std::size_t counted = l.count - before.count;
        l.extent = before.extent + Depth / 2 * stride;
        l.count = before.count + Depth / 2 * counted;
        if constexpr (Depth == 1 || Depth % 2 == 1) {
            layout half;
            Even copy;
            walt::place(copy, half);
            l.count += half.count;
            l.extent += half.extent;
        }
    }

    /// Calls use(module i, its shift); the shift goes into weights::shifted and gradients::shifted.
    template <class Use> constexpr void at(int i, Use&& use) const {
        const std::size_t shift = static_cast<std::size_t>(i / 2) * stride;
        if constexpr (Depth > 1) {
            if (i % 2 == 0) use(even, shift);
            else use(odd, shift);
        } else use(even, shift);
    }
};
template <class Even, class Odd> struct repeat<0, Even, Odd> : nothing {
    static constexpr int depth = 0;
    template <class Use> constexpr void at(int, Use&&) const {}
};

/// A module with its offsets, and the size of its flat buffer.
template <class Module> struct placement : Module {
    std::size_t count = 0;  ///< parameters as the paper counts them
    std::size_t extent = 0; ///< elements of the flat buffer
};

namespace detail {
template <class Module> constexpr placement<Module> placed_module() {
    placement<Module> p;
    layout l;
    walt::place(static_cast<Module&>(p), l);
    p.count = l.count;
    p.extent = l.extent;
    return p;
}
} // namespace detail

template <class Module> inline constexpr placement<Module> placed = detail::placed_module<Module>();
template <class Module> inline constexpr std::size_t parameter_count = placed<Module>.count;

/// Weights as an op sees them: `w(p)` in the compute type T, `w.exact(p)` in the masters' type.
template <class T> struct weights {
    using compute_type = T;
    using master_type = accumulate_t<T>;
    const T* compute = nullptr;
    const master_type* master = nullptr;

    template <class Parameter> constexpr auto operator()(const Parameter& p) const {
        return typename Parameter::template view_of<const T>(compute ? compute + p.offset : nullptr);
    }
    template <class Parameter> constexpr auto exact(const Parameter& p) const {
        return typename Parameter::template view_of<const master_type>(master ? master + p.offset : nullptr);
    }
    constexpr weights shifted(std::size_t by) const {
        return {compute ? compute + by : nullptr, master ? master + by : nullptr};
    }
};

/// Gradients of the masters, in their layout and type. Backward passes add to them.
template <class A> struct gradients {
    A* data = nullptr;

    template <class Parameter> constexpr auto operator()(const Parameter& p) const {
        return typename Parameter::template view_of<A>(data ? data + p.offset : nullptr);
    }
    constexpr gradients shifted(std::size_t by) const { return {data ? data + by : nullptr}; }
};

/// One row of a module's table.
struct parameter_row {
    std::string name;
    std::vector<std::int64_t> shape; ///< as in the file
    std::size_t offset, size;
    init start;
    bool trainable;
    bool decayed;       ///< weight decay applies: matrices and kernels, not biases, norms or tables
    bool channels_last; ///< memory order [out, t, h, w, in] against [out, in, t, h, w] in the file
};

/// The place in the file of element i in memory: kernels are [out, taps, in] in memory and [out, in, taps] in the file.
inline std::size_t place_in_file(const parameter_row& row, std::size_t i) {
    if (!row.channels_last) return i;
    const auto in = static_cast<std::size_t>(row.shape[1]),
               taps = row.size / (static_cast<std::size_t>(row.shape[0]) * in);
    return (i / (taps * in) * in + i % in) * taps + i / in % taps;
}

namespace detail {
template <class Part>
void list(const Part& part, const std::string& name, std::size_t shift, std::vector<parameter_row>& rows) {
    if constexpr (requires {
                      Part::depth;
                      part.stride;
                  }) { // a part that is repeated
        for (int i = 0; i < Part::depth; ++i)
            part.at(i, [&](const auto& child, std::size_t by) {
                list(child, fmt::format("{}.{}", name, i), shift + by, rows);
            });
    } else if constexpr (requires { part.offset; }) {
        const bool table = Part::start == init::normal || Part::start == init::truncated;
        rows.push_back({name,
                        {Part::extents.begin(), Part::extents.end()},
                        part.offset + shift,
                        Part::size,
                        Part::start,
                        Part::trainable,
                        Part::rank > 1 && !table,
                        Part::channels_last});
    } else {
        Part::each(part, [&](std::string_view child_name, auto& child) {
            list(child, name.empty() ? std::string(child_name) : fmt::format("{}.{}", name, child_name), shift, rows);
        });
    }
}
} // namespace detail

/// Every parameter of a placed module in forward order.
template <class Module> const std::vector<parameter_row>& parameter_table() {
    static const std::vector<parameter_row> rows = [] {
        std::vector<parameter_row> list;
        detail::list(static_cast<const Module&>(placed<Module>), "", 0, list);
        return list;
    }();
    return rows;
}

} // namespace walt
