// oneDNN behind one small header: engine, memories, and primitives by a key. Serves 2.6 and 3.x, whose way of creating
// primitives differs.
#pragma once

#include "../../core/buffer.hpp"
#include "../../core/dtype.hpp"
#include "../../core/error.hpp"
#include "../../core/instruction_set.hpp"
#include "../../core/recent.hpp"

#include <dnnl.hpp>
#include <omp.h>

#include <array>
#include <cstdint>
#include <initializer_list>
#include <utility>

namespace walt::cpu::inline WALT_INSTRUCTION_SET {

template <class T> constexpr dnnl::memory::data_type onednn_type() {
    if constexpr (std::is_same_v<std::remove_cv_t<T>, float>) return dnnl::memory::data_type::f32;
    else if constexpr (std::is_same_v<std::remove_cv_t<T>, bf16>) return dnnl::memory::data_type::bf16;
    else
        static_assert(sizeof(T) == 0,
                      "the cpu device computes in float or bf16; for double use walt::reference::context");
}

/// The library's handles for one context, and the 512 primitives used last: a model's step needs some fifty for each
/// of its shapes, and making one costs far more than a small call.
/// Primitives get their scratch memory with each call, so any thread may run them, and several at once.
struct onednn {
    using key = std::array<std::int64_t, 24>; ///< the kind of primitive, and its numbers; zeros behind them
    struct argument {
        int number; ///< DNNL_ARG_...
        const dnnl::memory& memory;
    };

    dnnl::engine engine{dnnl::engine::kind::cpu, 0};
    recent<std::pair<key, int>, dnnl::primitive> primitives{512}; ///< with the threads that they are made for

    template <class T> dnnl::memory wrap(const dnnl::memory::desc& desc, const T* data) const {
        return dnnl::memory(desc, engine, const_cast<std::remove_cv_t<T>*>(data));
    }

    /// The primitive of this key, made by make(attributes) the first time. It is a handle: cheap to copy.
    template <class Make> dnnl::primitive cached(const key& shape, bool add, Make&& make) {
        return primitives.get({shape, omp_get_max_threads()}, [&]() -> dnnl::primitive {
            try {
                dnnl::primitive_attr attributes;
                attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
                if (add) { // to what the result holds
                    dnnl::post_ops sum;
                    sum.append_sum(1.0f);
                    attributes.set_post_ops(sum);
                }
                return make(attributes);
            } catch (const dnnl::error& e) {
                fail("oneDNN has no product or convolution of this kind on this processor (in bf16 it needs AVX-512; "
                     "float runs everywhere): {}",
                     e.what());
            }
        });
    }

    /// The layout that a primitive chose for one of its arguments.
    static dnnl::memory::desc layout_of(const dnnl::primitive& primitive, int argument) {
        dnnl::primitive_desc_base desc;
        desc.reset(const_cast<dnnl_primitive_desc_t>(primitive.get_primitive_desc()), true);
        return desc.query_md(dnnl::query::exec_arg_md, argument);
    }

    /// Runs a primitive in this thread; what it needs beside its arguments comes from `scratch`.
    void run(arena& scratch, const dnnl::primitive& what, std::initializer_list<argument> with) const {
        const arena::scope scope(scratch);
        const auto needed = layout_of(what, DNNL_ARG_SCRATCHPAD);
        const auto pad = wrap(needed, scratch.take<std::byte, dynamic>(needed.get_size()).data());
        std::array<dnnl_exec_arg_t, 8> all{{{DNNL_ARG_SCRATCHPAD, pad.get()}}};
        int count = 1;
        for (const argument& one : with)
            if (one.memory.get(true)) all[static_cast<std::size_t>(count++)] = {one.number, one.memory.get()};
        dnnl::stream stream(engine);
        dnnl::error::wrap_c_api(dnnl_primitive_execute(what.get(), stream.get(), count, all.data()),
                                "oneDNN could not run a primitive");
        stream.wait();
    }
};

} // namespace walt::cpu::inline WALT_INSTRUCTION_SET
