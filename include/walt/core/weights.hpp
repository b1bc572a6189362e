// Weights and gradients as modules see them: a parameter goes in, the view of its numbers comes out.
#pragma once

#include "dtype.hpp"
#include "none.hpp"
#include "parameters.hpp"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>

namespace walt {

template <class T> class block_store;
template <class T> class lease;

/// `w(p)` is a matrix or kernel in the compute type T, `w.exact(p)` any other parameter in the masters' type.
/// A repeated part's block i: `const auto lease = w.block(blocks, i);`, which is weights, for as long as it lives.
template <class T> struct weights {
    using compute_type = T;
    using master_type = accumulate_t<T>;
    const T* compute = nullptr;
    const master_type* master = nullptr;
    bool compact = false;                ///< `master` holds only what is read exactly
    block_store<T>* store = nullptr;     ///< where blocks come from that are not in memory; none: all are
    std::ptrdiff_t at = 0, exact_at = 0; ///< added to a parameter's offsets
    std::ptrdiff_t behind = std::numeric_limits<std::ptrdiff_t>::max(),
                   gap = 0;    ///< `compute` leaves out the `gap` elements of the layout that end at `behind`
    std::ptrdiff_t origin = 0; ///< where `compute` begins in the layout: not 0 for a block that was fetched

    template <class Parameter> constexpr auto operator()(const Parameter& p) const {
        static_assert(!Parameter::exact,
                      "a model computes with matrices and kernels in its compute type; all other parameters (and "
                      "exact_parameter) are read by w.exact(p)");
        using view_type = typename Parameter::template view_of<const T>;
        const std::ptrdiff_t offset = at + static_cast<std::ptrdiff_t>(p.offset.all);
        return view_type(compute ? compute + (offset < behind ? offset : offset - gap) : nullptr);
    }
    template <class Parameter> constexpr auto exact(const Parameter& p) const {
        static_assert(Parameter::exact,
                      "w.exact(p) is for parameters that are no matrix and no kernel; declare it as exact_parameter, "
                      "or read it by w(p) in the compute type");
        using view_type = typename Parameter::template view_of<const master_type>;
        const auto offset = compact ? exact_at + static_cast<std::ptrdiff_t>(p.offset.exact)
                                    : at + static_cast<std::ptrdiff_t>(p.offset.all);
        return view_type(master ? master + offset : nullptr);
    }
    /// Where a parameter lies in the model's layout, wherever its numbers are: what else belongs to it is known by
    /// this.
    template <class Parameter> constexpr std::ptrdiff_t place(const Parameter& p) const {
        return origin + at + static_cast<std::ptrdiff_t>(p.offset.all);
    }
    /// Of a part that lies so far behind the one whose offsets will be asked for.
    constexpr weights shifted(shift by) const {
        weights same = *this;
        same.at += static_cast<std::ptrdiff_t>(by.all);
        same.exact_at += static_cast<std::ptrdiff_t>(by.exact);
        return same;
    }
    /// Block i of a repeated part: at hand, or fetched from the store and given back when the lease ends.
    template <is_repeated Part> lease<T> block(const Part& part, int i) const;
};

/// Keeps the blocks of repeated parts elsewhere than in memory, and brings them as they are asked for.
template <class T> class block_store {
  public:
    virtual ~block_store() = default;
    /// Weights of the block whose parameters lie at [begin, end) of the model's layout, asked for by the offsets of the
    /// part that lies `by` before it. Valid until release(begin).
    virtual weights<T> acquire(shift begin, shift end, shift by) = 0;
    virtual void release(shift begin) = 0;
};

/// The weights of one block, for as long as this lives.
template <class T> class lease : public weights<T> {
  public:
    explicit lease(const weights<T>& resident) : weights<T>(resident) {}
    lease(block_store<T>& from, shift begin, shift end, shift by)
        : weights<T>(from.acquire(begin, end, by)), from_(&from), begin_(begin) {}
    lease(const lease&) = delete;
    lease& operator=(const lease&) = delete;
    ~lease() {
        if (from_) from_->release(begin_);
    }

  private:
    block_store<T>* from_ = nullptr;
    shift begin_{};
};

template <class T> template <is_repeated Part> lease<T> weights<T>::block(const Part& part, int i) const {
    if (!store) return lease<T>(shifted(part.shift_of(i)));
    return lease<T>(*store, part.begin_of(i), part.begin_of(i + 1), part.shift_of(i));
}

/// Gradients of the masters, in their type. Backward passes add to them. `g(p)` is an empty view where the run does not
/// train p; ops do not compute what such a view, or none{}, stands for.
template <class A> struct gradients {
    A* data = nullptr;
    const std::int32_t* places =
        nullptr; ///< of each block of the layout: its place among the trained ones, or -1; none: all are
    std::size_t at = 0;
    std::uint64_t choice = 0; ///< whose `places` these are: recorded work is known by it (trained_parameters::choice)

    template <class Parameter> constexpr auto operator()(const Parameter& p) const {
        using view_type = typename Parameter::template view_of<A>;
        const std::size_t offset = at + p.offset.all;
        if (!data) return view_type();
        if (!places) return view_type(data + offset);
        const std::int32_t place = places[offset / block_elements];
        return place < 0 ? view_type() : view_type(data + static_cast<std::size_t>(place) * block_elements);
    }
    constexpr void advance(shift by) { at += by.all; }
    /// Called when the gradients of block i of a network are complete (backward goes from the last to the first).
    constexpr void ready(int) const {}
};

/// The sink of a frozen network: it passes gradients of inputs through and computes none of its own.
struct no_gradients {
    template <class Parameter> constexpr none operator()(const Parameter&) const { return {}; }
    constexpr void advance(shift) {}
    constexpr void ready(int) const {}
};

/// The sink of one of several passes that add to the same gradients: these are complete in the last one only.
template <class Sink> struct one_of_passes : Sink {
    bool last = true;
    constexpr void ready(int i) const {
        if (last) Sink::ready(i);
    }
};
template <class Sink> one_of_passes(Sink, bool) -> one_of_passes<Sink>;

/// Whether a sink computes no gradients of parameters at all, so that what only they need can be left out.
template <class G> inline constexpr bool is_frozen = std::derived_from<std::remove_cvref_t<G>, no_gradients>;

namespace detail {
using any_parameter = parameter<role::matrix, init::zero, 1, 1>;
}
/// Where a backward pass puts the gradients of parameters: gradients, no_gradients, or your own, which may derive from
/// either and do something in g(p) and in ready(i). It is copied for each block, so what it gathers lies elsewhere.
template <class G>
concept gradient_sink = std::copyable<G> && requires(const G& g, G of_block, const detail::any_parameter& p) {
    g(p);
    g.ready(0);
    of_block.advance(shift{});
};

/// The sink of a part that lies so far behind. It is of g's own type: what your own sink does, it does there too.
template <gradient_sink G> constexpr G shifted(G g, shift by) {
    g.advance(by);
    return g;
}

} // namespace walt
