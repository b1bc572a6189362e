// Group norm, SiLU, convolution: the last map of the encoder and of the decoder (docs/model.md 3).
#pragma once

#include "conv3d.hpp"
#include "group_norm_silu.hpp"

#include <numeric>

namespace walt::nn {

/// y = conv(SiLU(GN(x))), x and y in float32 (A). Its owner lists the two parts by the names `norm` and `out`.
template <int In, int Out, int NormGroups, conv_geometry Geometry> struct norm_silu_conv3d {
    using norm_part = group_norm_silu<In, std::gcd(NormGroups, In)>;
    norm_part norm;
    conv3d<In, Out, Geometry, true> out;

    template <class T> struct saved {
        activations kept;
        chunk of;
        typename norm_part::template saved<T> norm;
        video_view<T, In> active; ///< what the convolution sees; only where all activations are kept
        saved(arena& from, const video_size& size, const passage& how)
            : kept(how.kept), of(how.of), norm(from, size),
              active(kept == activations::all ? size.template take<T, In>(from) : video_view<T, In>()) {}
    };

    template <class T> void forward(auto& ctx, const weights<T>& w, auto x, auto y, const saved<T>& keep) const {
        const arena::scope scope(ctx.arena);
        out.forward(ctx, w, activate(ctx, w, x, keep), y, keep.of);
    }
    /// dx is assigned.
    template <class T>
    void backward(auto& ctx, const weights<T>& w, auto x, const saved<T>& keep, auto dy, auto dx, const auto& g) const {
        const arena::scope scope(ctx.arena);
        const auto active = keep.kept == activations::rematerialise ? activate(ctx, w, x, keep) : keep.active;
        const auto dy_compute = size_of(dy).template take<T, Out>(ctx.arena);
        const auto dactive = size_of(x).template take<T, In>(ctx.arena);
        ops::convert(ctx, dy, dy_compute);
        out.backward_parameters(ctx, w, active, dy_compute, g, keep.of);
        out.backward_input(ctx, w, dy_compute, dactive, keep.of);
        norm.backward(ctx, w, x, keep.norm, dactive, dx, g);
    }

  private:
    template <class T> auto activate(auto& ctx, const weights<T>& w, auto x, const saved<T>& keep) const {
        const auto active = keep.kept == activations::all ? keep.active : size_of(x).template take<T, In>(ctx.arena);
        norm.forward(ctx, w, x, active, keep.norm);
        return active;
    }
};

} // namespace walt::nn
