// Operands of window attention, and the comparison of the CUDA device with the reference on them.
#pragma once

#include "agreement.hpp"

#include <walt/ops/cuda/window_attention.cuh>
#include <walt/ops/reference/window_attention.hpp>

/// A preset's windows, of one head.
template <class Preset> struct one_head : Preset {
    static constexpr int hidden = Preset::hidden / Preset::heads, heads = 1;
};

/// Some samples, of which the second is a stack of images.
template <class Shape, int Batch = 3> struct samples {
    template <class T> struct operands {
        using A = walt::accumulate_t<T>;
        using norm = std::conditional_t<Shape::qk_norm, walt::view<A, Shape::head_dim>, walt::none>;
        using table = walt::view<A, Shape::heads, Shape::bias_size>;
        static constexpr int batch = Batch, rows = batch * Shape::frames * Shape::per_frame, D = Shape::width;
        walt::arena memory{walt::allocate_host};
        walt::view<T, walt::dynamic, 3 *D> qkv = normals(memory.take<T, walt::dynamic, 3 * D>(rows), 1, 1.5, 0.3),
                                           dqkv = (memory.take<T, walt::dynamic, 3 * D>(rows));
        walt::view<T, walt::dynamic, D> out = (memory.take<T, walt::dynamic, D>(rows)),
                                        dout = normals(memory.take<T, walt::dynamic, D>(rows), 2);
        walt::view<A, walt::dynamic, Shape::heads> lse = (memory.take<A, walt::dynamic, Shape::heads>(rows));
        table bias = normals(memory.take<A, Shape::heads, Shape::bias_size>(), 3, 0.5),
              dbias = normals(memory.take<A, Shape::heads, Shape::bias_size>(), 4);
        norm q_norm = normals(weight(), 5, 0.3, 1), k_norm = normals(weight(), 6, 0.3, 1),
             dq_norm = normals(weight(), 7), dk_norm = normals(weight(), 8);
        walt::view<std::uint8_t, walt::dynamic> is_image = (memory.take<std::uint8_t, walt::dynamic>(batch));

        operands() {
            for (int b = 0; b < batch; ++b) is_image(b) = b == 1;
        }
        void each(auto&& visit) {
            visit(out), visit(lse), visit(dqkv), visit(dq_norm), visit(dk_norm), visit(dbias);
            visit(qkv), visit(dout), visit(bias), visit(q_norm), visit(k_norm), visit(is_image);
        }
        void run(auto& ctx) {
            walt::ops::window_attention<Shape>(ctx, qkv, q_norm, k_norm, bias, is_image, out, lse);
            walt::ops::window_attention_grad<Shape>(ctx, qkv, q_norm, k_norm, bias, is_image, out, lse, dout, dqkv,
                                                    dq_norm, dk_norm, dbias);
        }

      private:
        norm weight() {
            if constexpr (Shape::qk_norm) return memory.take<A, Shape::head_dim>();
            else return {};
        }
    };
};

/// Forward and every gradient are within `most` of the reference, in relative error.
template <class Shape, class T, int Batch = 3> void window_attention_agrees(double most) {
    walt::cuda::context device;
    walt::reference::context plain;
    CAPTURE(Shape::tokens, Shape::head_dim);
    agrees_with_reference<samples<Shape, Batch>::template operands, T>(device, plain, {most, most});
}
