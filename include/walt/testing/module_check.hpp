// The gradient check of a whole module: every parameter by name. Public, for anybody's module.
#pragma once

#include "../core/model.hpp"
#include "../ops/reference/context.hpp"
#include "gradient_check.hpp"

#include <algorithm>
#include <cmath>
#include <string>

namespace walt::testing {

/// A module in double on the reference device, with normal parameters (those that start at zero would hide gradients),
/// and a gradient for each, zero. Include the reference ops that the module calls.
///
///     checked_module<nn::mlp<4, 6>> net;
///     const auto f = [&] { net.part().forward(net.ctx, net.weights(), u, y, keep); return inner_product(y, dy); };
///     f();
///     net.part().backward(net.ctx, net.weights(), u, keep, dy, du, net.gradients());
///     CHECK(net.check_parameters(f).worst < 1e-6);
///     CHECK(check_gradient(u, du, f).worst < 1e-6);
template <class Module> struct checked_module {
    reference::context ctx;
    model<reference::context, Module, double> net{ctx, seed{1}};
    buffer<double> gradient{ctx, placed<Module>.extent};

    checked_module() { fill_normal(net.masters(), 1, 0.5); }

    static constexpr const Module& part() { return placed<Module>; }
    walt::weights<double> weights() const { return net.weights(); }
    walt::gradients<double> gradients() const { return {gradient.data()}; }

    /// A tensor of standard normals: normals<dynamic, 4>(stream, rows).
    template <int... Extent> auto normals(std::uint64_t stream, auto... sizes) {
        const auto values = ctx.arena.template take<double, Extent...>(sizes...);
        fill_normal(values, stream);
        return values;
    }
    /// The same of zeros: a gradient that a module adds to.
    template <int... Extent> auto zeros(auto... sizes) {
        const auto values = ctx.arena.template take<double, Extent...>(sizes...);
        std::fill_n(values.data(), values.size(), 0.0);
        return values;
    }

    /// The parameter whose gradient is furthest from the central differences of f(), `samples` elements of each (0:
    /// all).
    struct parameter_error : gradient_error {
        std::string name;
    };
    template <class Function> parameter_error check_parameters(Function&& f, std::size_t samples = 0) const {
        parameter_error result;
        for (const parameter_row& row : parameter_table<Module>()) {
            if (!row.trainable()) continue;
            const gradient_error here =
                check_gradient(net.masters().data() + row.offset,
                               static_cast<const double*>(gradient.data() + row.offset), row.size, f, samples);
            const std::size_t checked = result.checked + here.checked;
            if (!(here.worst <= result.worst) && !std::isnan(result.worst)) result = {here, row.name};
            result.checked = checked;
        }
        return result;
    }
};

} // namespace walt::testing
