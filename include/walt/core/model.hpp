// A network's parameters on a device: masters in float32 (or double), and their copy in the compute type.
#pragma once

#include "hash.hpp"
#include "parameters.hpp"
#include "philox.hpp"

#include <cmath>
#include <vector>

namespace walt {

/// Says which element type products and activations have: walt::compute<walt::bf16>.
template <class T> struct compute_t { using type = T; };
template <class T> inline constexpr compute_t<T> compute{};

namespace detail {
inline float truncated_normal(const philox& numbers, std::uint64_t i) {
    for (std::uint64_t round = 0;; ++round) { // 4.6 % are outside of two standard deviations: draw again
        const float x = philox{numbers.seed, numbers.stream + round * 0x9E3779B97F4A7C15u}.normal(i);
        if (std::abs(x) <= 2.0f) return x;
    }
}

/// The starting value of every element of a parameter, in memory order (spec 1.7). The numbers depend on the seed and
/// the parameter's name only, so adding one does not change the others.
template <class A> void start_parameter(const parameter_row& row, std::uint64_t seed, A* out) {
    const philox numbers{seed, hash(row.name)};
    const std::int64_t outs = row.shape.front(), fan_in = static_cast<std::int64_t>(row.size) / outs;
    const std::int64_t receptive = row.shape.size() > 2 ? fan_in / row.shape[1] : 1;
    const double bound = std::sqrt(6.0 / static_cast<double>(fan_in + outs * receptive));
    const double fan_in_std = 1.0 / std::sqrt(static_cast<double>(fan_in));
    for (std::size_t i = 0; i < row.size; ++i) {
        double value = 0;
        switch (row.start) {
        case init::zero: break;
        case init::one: value = 1; break;
        case init::xavier: value = bound * (2.0 * static_cast<double>(numbers.uniform(i)) - 1.0); break;
        case init::normal: value = 0.02 * static_cast<double>(numbers.normal(i)); break;
        case init::truncated: value = 0.02 * static_cast<double>(truncated_normal(numbers, i)); break;
        case init::truncated_fan_in: value = fan_in_std * static_cast<double>(truncated_normal(numbers, i)); break;
        }
        out[i] = static_cast<A>(value);
    }
}
} // namespace detail

/// The parameters of a Module (a struct with `each`) on a context, computing in T. A copy shares the memory; see
/// detach.
template <class Context, class Module, class T> class model {
  public:
    using context_type = Context;
    using module_type = Module;
    using compute_type = T;
    using master_type = accumulate_t<T>;
    static constexpr std::size_t extent = placed<Module>.extent; ///< elements of a flat buffer

    /// Starting values as the modules declare them.
    model(Context& ctx, seed from) : ctx_(&ctx), master_(ctx, extent) {
        if constexpr (!std::is_same_v<T, master_type>) copy_ = buffer<T>(ctx, extent);
        if constexpr (Context::has_data) {
            std::vector<master_type> start(extent);
            for (const parameter_row& row : parameter_table<Module>())
                detail::start_parameter(row, from.value, start.data() + row.offset);
            assign(start);
        }
    }

    /// Gives this object memory of its own, with the same values: `Model copy = other; copy.detach();`
    void detach() {
        const std::vector<master_type> values = host_masters();
        master_ = buffer<master_type>(*ctx_, extent);
        if constexpr (!std::is_same_v<T, master_type>) copy_ = buffer<T>(*ctx_, extent);
        assign(values);
    }

    Context& context() const { return *ctx_; }
    static constexpr const Module& network() { return placed<Module>; }

    /// The masters, one flat device buffer in the layout of parameter_table<Module>().
    view<master_type, dynamic> masters() const { return master_.all(); }
    /// Their copy in the compute type (the masters themselves where the types are equal).
    view<T, dynamic> copies() const {
        if constexpr (std::is_same_v<T, master_type>) return master_.all();
        else return copy_.all();
    }
    walt::weights<T> weights() const { return {copies().data(), master_.data()}; }

    /// The masters, from and to host memory in the same layout.
    void assign(const std::vector<master_type>& values) {
        require(values.size() == extent, "a model of {} elements cannot take {}", extent, values.size());
        ctx_->upload(master_.data(), values.data(), extent * sizeof(master_type));
        if constexpr (!std::is_same_v<T, master_type>) {
            std::vector<T> rounded(extent);
            for (std::size_t i = 0; i < extent; ++i) rounded[i] = static_cast<T>(values[i]);
            ctx_->upload(copy_.data(), rounded.data(), extent * sizeof(T));
        }
    }
    std::vector<master_type> host_masters() const {
        std::vector<master_type> values(extent);
        ctx_->download(values.data(), master_.data(), extent * sizeof(master_type));
        return values;
    }

  private:
    Context* ctx_;
    buffer<master_type> master_;
    buffer<T> copy_;
};

} // namespace walt
