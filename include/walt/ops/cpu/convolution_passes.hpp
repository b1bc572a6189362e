// CPU: the three passes of a convolution by oneDNN, in pieces, each on one core. Only the small kernels are reordered.
#pragma once

#include "convolution_pieces.hpp"
#include "onednn_faults.hpp"
#include "pointwise.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

namespace walt::cpu::inline WALT_INSTRUCTION_SET::detail {

/// Numbers of the primitives in the cache's keys.
enum convolution_key : std::int64_t {
    conv_forward = 16,
    conv_input,
    conv_weight,
    conv_kernel_forward,
    conv_kernel_input,
    conv_gradient
};

/// The pieces of a pass with their primitives, each made for one thread.
class convolution_passes {
  public:
    struct kind {
        convolution_shape shape;
        std::int64_t w; // elements of the kernel before those of its taps
        onednn_primitive primitive;
    };

    /// describe(shape, attributes, desc): what one of the pieces does.
    template <class Describe>
    convolution_passes(context& ctx, std::vector<convolution_piece> pieces, std::int64_t key, bool add,
                       const Describe& describe)
        : pieces_(std::move(pieces)) {
        const alone one; // what a primitive does depends on the threads that it thinks it has
        for (const convolution_piece& piece : pieces_) {
            const auto known = std::find_if(kinds_.begin(), kinds_.end(),
                                            [&](const kind& k) { return k.shape == piece.shape && k.w == piece.w; });
            of_.push_back(static_cast<std::size_t>(known - kinds_.begin()));
            if (known != kinds_.end()) continue;
            kinds_.push_back(
                {piece.shape, piece.w,
                 ctx.library.cached(piece.shape.key(key), add,
                                    [&](const_dnnl_primitive_attr_t attributes, dnnl_primitive_desc_t* desc) {
                                        return describe(piece.shape, attributes, desc);
                                    })});
        }
    }
    std::size_t size() const { return pieces_.size(); }
    const std::vector<kind>& kinds() const { return kinds_; }
    std::size_t kind_of(std::size_t i) const { return of_[i]; }

    /// Calls run(number, piece, its primitive) for each piece, on all cores.
    template <class Run> void each(const Run& run) const {
        const std::int64_t cost = pieces_.front().shape.multiplications() / 64;
        parallel(static_cast<std::int64_t>(pieces_.size()), cost, [&](std::int64_t i) {
            const alone one;
            const auto n = static_cast<std::size_t>(i);
            run(n, pieces_[n], kinds_[of_[n]].primitive);
        });
    }

  private:
    std::vector<convolution_piece> pieces_;
    std::vector<kind> kinds_;
    std::vector<std::size_t> of_;
};

/// A tensor in a layout of the library's own, in the arena.
inline onednn_tensor take_tensor(context& ctx, const onednn_layout& layout) {
    return ctx.library.wrap(layout, ctx.arena.take<std::byte, dynamic>(layout.bytes()).data());
}

/// So many elements behind `from`.
inline const void* behind(const void* from, std::int64_t elements, dnnl_data_type_t type) {
    return static_cast<const std::byte*>(from) + elements * onednn_bytes(type);
}

/// The taps of the kernel in the layouts that a pass' primitives want; few want different ones.
class blocked_kernels {
  public:
    blocked_kernels(context& ctx, const convolution_passes& passes, std::int64_t key, const void* w) {
        const alone one;
        std::vector<std::int64_t> taps; // of those made
        for (const auto& [shape, first, primitive] : passes.kinds()) {
            const onednn_layout layout(primitive, DNNL_ARG_WEIGHTS);
            std::size_t known = 0;
            while (known < made_.size() && !(taps[known] == first && made_[known].layout() == layout)) ++known;
            of_.push_back(known);
            if (known < made_.size()) continue;
            taps.push_back(first);
            made_.push_back(take_tensor(ctx, layout));
            const auto plain = ctx.library.wrap(shape.plain_kernel(shape.compute), behind(w, first, shape.compute));
            reorder(ctx.library, ctx.arena, shape.key(key), plain, made_.back(), false);
        }
    }
    const onednn_tensor& of(std::size_t kind) const { return made_[of_[kind]]; }

  private:
    std::vector<onednn_tensor> made_;
    std::vector<std::size_t> of_;
};

/// Without AVX-512 the library convolves no bf16: then copies in float are convolved.
inline bool is_for_copies(const convolution_shape& s) {
    return (s.compute == dnnl_bf16 || s.result == dnnl_bf16) && !onednn::has(dnnl_cpu_isa_avx512_core);
}
inline convolution_shape in_float(convolution_shape s) {
    s.compute = s.result = dnnl_f32;
    return s;
}
/// Elements of a type as floats, in the arena if they are none.
inline const float* floats(context& ctx, const void* from, std::int64_t count, dnnl_data_type_t type) {
    if (type == dnnl_f32) return static_cast<const float*>(from);
    const auto to = ctx.arena.take<float, dynamic>(count);
    convert_on(ctx, view<const bf16, dynamic>(static_cast<const bf16*>(from), count), to);
    return to.data();
}
/// A pass whose result is of a type: run(floats), which become the result; `add`: they are added to what it holds.
template <class Run>
void in_floats(context& ctx, void* result, std::int64_t count, dnnl_data_type_t type, bool add, const Run& run) {
    if (type == dnnl_f32) return run(static_cast<float*>(result));
    const view<bf16, dynamic> rounded(static_cast<bf16*>(result), count);
    const auto sums = ctx.arena.take<float, dynamic>(count);
    if (add) convert_on(ctx, rounded.read(), sums);
    run(sums.data());
    convert_on(ctx, sums.read(), rounded);
}

// The three passes, once for all channels and element types: the shape says which. work: of a piece, in
// multiplications.

inline void convolve(context& ctx, const convolution_shape& shape, const void* x, const void* w, const float* bias,
                     void* y, std::int64_t work) {
    const arena::scope scope(ctx.arena);
    if (is_for_copies(shape))
        return in_floats(ctx, y, shape.y.positions() * shape.out, shape.result, shape.add, [&](float* sums) {
            convolve(ctx, in_float(shape), floats(ctx, x, shape.x.positions() * shape.in, shape.compute),
                     floats(ctx, w, shape.weights_in_memory(), shape.compute), bias, sums, work);
        });
    const auto& library = ctx.library;
    const convolution_passes passes(
        ctx, pieces_of(shape, writes::y, work), conv_forward, shape.add,
        [&](const convolution_shape& piece, const_dnnl_primitive_attr_t attributes, dnnl_primitive_desc_t* desc) {
            return describe_forward(library, piece, true, attributes, desc);
        });
    const blocked_kernels kernels(ctx, passes, conv_kernel_forward, w);
    passes.each([&](std::size_t i, const convolution_piece& piece, const onednn_primitive& primitive) {
        const convolution_shape& s = piece.shape;
        library.run(thread_scratch(), primitive,
                    {{DNNL_ARG_SRC, library.wrap(s.input(s.compute), behind(x, piece.x, s.compute))},
                     {DNNL_ARG_WEIGHTS, kernels.of(passes.kind_of(i))},
                     {DNNL_ARG_DST, library.wrap(s.output(s.result), behind(y, piece.y, s.result))},
                     {DNNL_ARG_BIAS, bias ? library.wrap(s.bias_vector(), bias) : onednn_tensor()}});
    });
}

inline void convolve_back(context& ctx, const convolution_shape& shape, const void* dy, const void* w, void* dx,
                          std::int64_t work) {
    const arena::scope scope(ctx.arena);
    if (is_for_copies(shape))
        return in_floats(ctx, dx, shape.x.positions() * shape.in, shape.result, false, [&](float* sums) {
            convolve_back(ctx, in_float(shape), floats(ctx, dy, shape.y.positions() * shape.out, shape.compute),
                          floats(ctx, w, shape.weights_in_memory(), shape.compute), sums, work);
        });
    const auto& library = ctx.library;
    const convolution_passes passes(
        ctx, pieces_of(shape, writes::x, work), conv_input, false,
        [&](const convolution_shape& piece, const_dnnl_primitive_attr_t attributes, dnnl_primitive_desc_t* desc) {
            return describe_backward_input(library, piece, attributes, desc);
        });
    const blocked_kernels kernels(ctx, passes, conv_kernel_input, w);
    passes.each([&](std::size_t i, const convolution_piece& piece, const onednn_primitive& primitive) {
        const convolution_shape& s = piece.shape;
        library.run(thread_scratch(), primitive,
                    {{DNNL_ARG_DIFF_DST, library.wrap(s.output(s.compute), behind(dy, piece.y, s.compute))},
                     {DNNL_ARG_WEIGHTS, kernels.of(passes.kind_of(i))},
                     {DNNL_ARG_DIFF_SRC, library.wrap(s.input(s.result), behind(dx, piece.x, s.result))}});
    });
}

/// The first of some sums += the others, in order.
inline void add_up(const std::vector<const onednn_tensor*>& sums) {
    if (sums.size() < 2) return;
    float* const to = static_cast<float*>(sums.front()->data());
    const auto count = static_cast<std::int64_t>(sums.front()->layout().bytes() / sizeof(float));
    parallel_pieces(
        count, 4096,
        [&](std::int64_t begin, std::int64_t end) {
            for (std::size_t i = 1; i < sums.size(); ++i) {
                const float* const from = static_cast<const float*>(sums[i]->data());
                for (std::int64_t j = begin; j < end; ++j) to[j] += from[j];
            }
        },
        static_cast<std::int64_t>(sums.size()));
}

/// The pieces of a weight gradient, each without the taps that it does not see: oneDNN's slowest loops would sum these.
/// Those of the other passes keep them, since every part of the kernel has to be reordered.
inline std::vector<convolution_piece> pieces_for_sums(const convolution_shape& shape, std::int64_t work) {
    std::vector<convolution_piece> pieces = pieces_of(shape, writes::y, work);
    for (convolution_piece& piece : pieces) leave_out_unseen(piece);
    return pieces;
}

/// Each piece has sums of its own, which are added in order.
inline void correlate(context& ctx, const convolution_shape& shape, const void* x, const void* dy, float* dw,
                      std::int64_t work) {
    const arena::scope scope(ctx.arena);
    if (is_for_copies(shape))
        return correlate(ctx, in_float(shape), floats(ctx, x, shape.x.positions() * shape.in, shape.compute),
                         floats(ctx, dy, shape.y.positions() * shape.out, shape.compute), dw, work);
    const auto& library = ctx.library;
    std::vector<convolution_piece> pieces = pieces_for_sums(shape, work);
    const auto too_few_rows = [](const convolution_piece& piece) {
        const convolution_shape& s = piece.shape;
        return has_too_few_rows(s.geometry.height, s.x.height, s.compute);
    };
    if (std::any_of(pieces.begin(), pieces.end(), too_few_rows)) // whole clips instead
        pieces = pieces_for_sums(shape, std::max(work, shape.multiplications() / shape.y.batch));
    const convolution_passes passes(
        ctx, std::move(pieces), conv_weight, false,
        [&](const convolution_shape& piece, const_dnnl_primitive_attr_t attributes, dnnl_primitive_desc_t* desc) {
            return describe_backward_weight(library, piece, attributes, desc);
        });
    std::vector<onednn_tensor> sums;
    for (std::size_t i = 0; i < passes.size(); ++i)
        sums.push_back(take_tensor(ctx, {passes.kinds()[passes.kind_of(i)].primitive, DNNL_ARG_DIFF_WEIGHTS}));
    passes.each([&](std::size_t i, const convolution_piece& piece, const onednn_primitive& primitive) {
        const convolution_shape& s = piece.shape;
        library.run(thread_scratch(), primitive,
                    {{DNNL_ARG_SRC, library.wrap(s.input(s.compute), behind(x, piece.x, s.compute))},
                     {DNNL_ARG_DIFF_DST, library.wrap(s.output(s.compute), behind(dy, piece.y, s.compute))},
                     {DNNL_ARG_DIFF_WEIGHTS, sums[i]}},
                    reads_scratch(s));
    });

    std::vector<std::size_t> left(sums.size());
    std::iota(left.begin(), left.end(), std::size_t{0});
    while (!left.empty()) { // those of the same taps in one layout at once
        const std::size_t first = left.front();
        const auto& [taps, w, primitive] = passes.kinds()[passes.kind_of(first)];
        std::vector<const onednn_tensor*> alike;
        std::erase_if(left, [&, at = w](std::size_t i) { // clang 14 captures no binding as it is
            const bool is_alike = passes.kinds()[passes.kind_of(i)].w == at && sums[i].layout() == sums[first].layout();
            if (is_alike) alike.push_back(&sums[i]);
            return is_alike;
        });
        add_up(alike);
        const alone one;
        reorder(ctx.library, ctx.arena, taps.key(conv_gradient), sums[first],
                ctx.library.wrap(taps.plain_kernel(dnnl_f32), dw + w), true);
    }
}

} // namespace walt::cpu::inline WALT_INSTRUCTION_SET::detail
