// A module's parameters: declared as members, each of which says what it is, and placed at compile time in one flat
// buffer.
//
// A module is a struct whose members are parameters and modules and whose `each` names them in forward order.
// `placed<Module>` is that struct with every offset set, a constant. Weights, gradients and an optimizer's state are
// buffers with this one layout. How weights and gradients are looked at: weights.hpp. The list of all:
// parameter_table.hpp.
#pragma once

#include "buffer.hpp"

#include <array>
#include <concepts>
#include <cstddef>

namespace walt {

/// How a parameter starts (docs/model.md 1.7).
enum class init {
    zero,
    one,
    xavier,          ///< uniform with variance 2 / (fan in + fan out)
    normal,          ///< normal, std 0.02
    truncated,       ///< normal cut at two std, std 0.02
    truncated_fan_in ///< normal cut at two std, std 1 / sqrt(fan in)
};

/// What a parameter is. Weight decay, factored moments, low precision and who is trained read this, and nothing else.
enum class role {
    matrix,    ///< weights of a linear map [out, in]
    kernel,    ///< weights of a convolution [out, in, ...]
    bias,      ///< of either
    norm,      ///< scale or shift of a norm
    table,     ///< positions, relative biases: looked up by place
    embedding, ///< rows looked up by what the data says: classes, "nothing is known"
    statistic  ///< measured, not trained
};

/// Weight decay applies to matrices and kernels (docs/model.md 18).
constexpr bool decays(role of) { return of == role::matrix || of == role::kernel; }

/// Elements to which every parameter's memory is rounded up: each begins on a vector of any device.
inline constexpr std::size_t block_elements = 64;

/// A place in a flat buffer, and in the smaller one of what is read exactly: of a parameter, or how far a block is
/// behind the first of its kind.
struct shift {
    std::size_t all = 0, exact = 0;
    friend constexpr shift operator+(shift a, shift b) { return {a.all + b.all, a.exact + b.exact}; }
    friend constexpr shift operator-(shift a, shift b) { return {a.all - b.all, a.exact - b.exact}; }
    friend constexpr shift operator*(std::size_t times, shift by) { return {times * by.all, times * by.exact}; }
    friend constexpr bool operator==(shift, shift) = default;
};

/// What all parameters have: where they lie.
struct parameter_base {
    shift offset{};
};

/// A tensor of a model. Extents are those of the file; memory order is the same, row-major.
template <role Role, init Start, int... Extent> struct parameter : parameter_base {
    static constexpr role kind = Role;
    static constexpr init start = Start;
    static constexpr bool trainable = Role != role::statistic, channels_last = false;
    static constexpr bool exact =
        !decays(Role); ///< read in the masters' type, by weights::exact; the others in the compute type
    static constexpr int rank = sizeof...(Extent);
    static constexpr std::size_t size = (std::size_t{1} * ... * std::size_t{Extent});
    static constexpr std::array<int, sizeof...(Extent)> extents{Extent...};
    template <class T> using view_of = view<T, Extent...>;
};

/// A parameter that is read in the masters' type whatever its role: a small matrix of which every bit counts.
template <role Role, init Start, int... Extent> struct exact_parameter : parameter<Role, Start, Extent...> {
    static constexpr bool exact = true;
};

/// A convolution kernel: [Out, In, Kt, Kh, Kw] in the file, [Out, Kt, Kh, Kw, In] in memory (channels last).
template <init Start, int Out, int In, int Kt, int Kh, int Kw>
struct kernel : parameter<role::kernel, Start, Out, In, Kt, Kh, Kw> {
    static constexpr bool channels_last = true;
    template <class T> using view_of = view<T, Out, Kt, Kh, Kw, In>;
};

/// The same for one frame at a time: [Out, In, Kh, Kw] in the file, [Out, 1, Kh, Kw, In] in memory.
template <init Start, int Out, int In, int Kh, int Kw>
struct frame_kernel : parameter<role::kernel, Start, Out, In, Kh, Kw> {
    static constexpr bool channels_last = true;
    template <class T> using view_of = view<T, Out, 1, Kh, Kw, In>;
};

/// The same, read in the masters' type.
template <init Start, int Out, int In, int Kh, int Kw> struct exact_kernel : frame_kernel<Start, Out, In, Kh, Kw> {
    static constexpr bool exact = true;
};

/// A tensor that belongs to the model but is measured, not trained.
template <init Start, int... Extent> using statistic = parameter<role::statistic, Start, Extent...>;

/// An option that is absent: no parameters.
struct nothing {
    static constexpr void each(auto&, auto&&) {}
};

/// What a placement has handed out. `count` is what the paper counts; `end` pads each tensor to block_elements.
struct layout {
    std::size_t count = 0;
    shift end{};

    template <class Parameter> constexpr shift take() {
        const shift at = end;
        const std::size_t padded = round_up(Parameter::size, block_elements);
        count += Parameter::size;
        end = end + shift{padded, Parameter::exact ? padded : 0};
        return at;
    }
};

/// A part that stands for several: it has `depth`, places itself, and gives part i by `at` and its place by `begin_of`.
/// Parts are recognised by this type and not by the names of their members.
struct repeated_part {};

template <class Part>
concept is_parameter = std::derived_from<Part, parameter_base>;
template <class Part>
concept is_repeated = std::derived_from<Part, repeated_part>;

namespace detail {
struct any_visit {
    constexpr void operator()(std::string_view, auto&) const {}
};
} // namespace detail
/// A module: a struct of parameters, modules and repeated parts that names them, in the order of its forward pass:
///     static constexpr void each(auto& self, auto&& visit) { visit("weight", self.weight); ... }
/// What else it offers (saved, forward, backward) is between it and its caller; the usual form is in docs/contracts.md.
template <class M>
concept is_module = is_repeated<M> || requires(M& self, detail::any_visit visit) {
    M::each(self, visit);
};

/// Sets the offsets of a part and of all that it consists of, behind what `l` has handed out.
template <class Part> constexpr void place(Part& part, layout& l) {
    if constexpr (is_repeated<Part>) part.place(l);
    else if constexpr (is_parameter<Part>) part.offset = l.template take<Part>();
    else Part::each(part, [&](auto, auto& child) { walt::place(child, l); });
}

/// Depth modules that alternate between two types. Depth is a number, not a type: only the first two are placed,
/// module i is module i % 2 shifted by i / 2 strides.
template <int Depth, class Even, class Odd = Even> struct repeat : repeated_part {
    static constexpr int depth = Depth;
    Even even;
    Odd odd;
    shift begin{}, second{}, stride{}; ///< where module 0 begins, where module 1 does, and module 2 behind module 0

    constexpr void place(layout& l) {
        const layout before = l;
        begin = l.end;
        walt::place(even, l);
        second = l.end;
        const std::size_t even_count = l.count - before.count;
        if constexpr (Depth > 1) walt::place(odd, l);
        stride = l.end - begin;
        const std::size_t pair_count = l.count - before.count;
        l.count = before.count + Depth / 2 * pair_count + (Depth % 2) * even_count;
        l.end = begin_of(Depth);
    }

    /// Where module i begins; of i = depth, where all end.
    constexpr shift begin_of(int i) const {
        return begin + static_cast<std::size_t>(i / 2) * stride + (i % 2 ? second - begin : shift{});
    }
    /// How far module i lies behind the first of its type.
    constexpr shift shift_of(int i) const { return static_cast<std::size_t>(i / 2) * stride; }

    /// Calls use(the first module of i's type, how far module i lies behind it).
    template <class Use> constexpr void at(int i, Use&& use) const {
        if constexpr (Depth > 1) {
            if (i % 2 == 0) use(even, shift_of(i));
            else use(odd, shift_of(i));
        } else use(even, shift_of(i));
    }
};
template <class Even, class Odd> struct repeat<0, Even, Odd> : repeated_part {
    static constexpr int depth = 0;
    constexpr void place(layout&) {}
    constexpr shift begin_of(int) const { return {}; }
    constexpr shift shift_of(int) const { return {}; }
    template <class Use> constexpr void at(int, Use&&) const {}
};

/// A module with its offsets, and the sizes of its flat buffers.
template <class Module> struct placement : Module {
    std::size_t count = 0;        ///< parameters as the paper counts them
    std::size_t extent = 0;       ///< elements of the flat buffer
    std::size_t exact_extent = 0; ///< elements of a buffer of only what is read exactly
};

namespace detail {
template <class Module> constexpr placement<Module> placed_module() {
    placement<Module> p;
    layout l;
    walt::place(static_cast<Module&>(p), l);
    p.count = l.count;
    p.extent = l.end.all;
    p.exact_extent = l.end.exact;
    return p;
}
} // namespace detail

template <class Module> inline constexpr placement<Module> placed = detail::placed_module<Module>();
template <class Module> inline constexpr std::size_t parameter_count = placed<Module>.count;

} // namespace walt
