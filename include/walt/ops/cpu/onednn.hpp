// oneDNN behind one small header: engine, layouts, memories, and primitives by a key. By its C interface, whose header
// is a fiftieth of the C++ one's to compile. Serves 2.6 and 3.x, whose layouts and ways of creating primitives differ.
#pragma once

#include "../../core/buffer.hpp"
#include "../../core/dtype.hpp"
#include "../../core/error.hpp"
#include "../../core/instruction_set.hpp"
#include "../../core/recent.hpp"

#include <dnnl.h>
#include <dnnl_debug.h>
#include <omp.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <type_traits>
#include <utility>

namespace walt::cpu::inline WALT_INSTRUCTION_SET {

template <class T> constexpr dnnl_data_type_t onednn_type() {
    if constexpr (std::is_same_v<std::remove_cv_t<T>, float>) return dnnl_f32;
    else if constexpr (std::is_same_v<std::remove_cv_t<T>, bf16>) return dnnl_bf16;
    else
        static_assert(sizeof(T) == 0,
                      "the cpu device computes in float or bf16; for double use walt::reference::context");
}

/// Bytes of an element.
inline std::int64_t onednn_bytes(dnnl_data_type_t type) { return type == dnnl_bf16 ? 2 : 4; }

inline void require_onednn(dnnl_status_t status, const char* what) {
    require(status == dnnl_success, "oneDNN could not {}: {}", what, dnnl_status2str(status));
}

/// One of the library's objects, or none yet; destroyed with its owner.
template <class Handle, dnnl_status_t (*Destroy)(Handle)> class onednn_owned {
  public:
    onednn_owned() = default;
    onednn_owned(onednn_owned&& other) noexcept : own_(std::exchange(other.own_, nullptr)) {}
    onednn_owned& operator=(onednn_owned&&) = delete;
    ~onednn_owned() {
        if (own_) Destroy(own_);
    }
    Handle* out() { return &own_; } ///< for what makes one
    Handle get() const { return own_; }

  private:
    Handle own_ = nullptr;
};
using onednn_engine = onednn_owned<dnnl_engine_t, dnnl_engine_destroy>;
using onednn_stream = onednn_owned<dnnl_stream_t, dnnl_stream_destroy>;
using onednn_attributes = onednn_owned<dnnl_primitive_attr_t, dnnl_primitive_attr_destroy>;
using onednn_post_ops = onednn_owned<dnnl_post_ops_t, dnnl_post_ops_destroy>;
using onednn_primitive_desc = onednn_owned<dnnl_primitive_desc_t, dnnl_primitive_desc_destroy>;
using onednn_primitive = std::shared_ptr<dnnl_primitive>; ///< destroyed with its last owner

/// Type, extents, and where in memory each element lies.
class onednn_layout {
  public:
    using extents = std::initializer_list<std::int64_t>;
#if DNNL_VERSION_MAJOR >= 3
    using handle = const_dnnl_memory_desc_t;
#else
    using handle = const dnnl_memory_desc_t*;
#endif

    onednn_layout() = default; ///< of no tensor
    /// In the order that a tag names; dnnl_format_tag_any leaves it to a primitive.
    onednn_layout(dnnl_data_type_t type, extents shape, dnnl_format_tag_t tag) {
        const int axes = static_cast<int>(shape.size());
#if DNNL_VERSION_MAJOR >= 3
        dnnl_memory_desc_t made = nullptr;
        require_onednn(dnnl_memory_desc_create_with_tag(&made, axes, dims(shape).data(), type, tag),
                       "lay out a tensor");
        own(made);
#else
        require_onednn(dnnl_memory_desc_init_by_tag(&desc_, axes, dims(shape).data(), type, tag), "lay out a tensor");
#endif
    }
    /// With so many elements between neighbours on each axis.
    onednn_layout(dnnl_data_type_t type, extents shape, extents strides) {
        const int axes = static_cast<int>(shape.size());
#if DNNL_VERSION_MAJOR >= 3
        dnnl_memory_desc_t made = nullptr;
        require_onednn(
            dnnl_memory_desc_create_with_strides(&made, axes, dims(shape).data(), type, dims(strides).data()),
            "lay out a tensor");
        own(made);
#else
        require_onednn(dnnl_memory_desc_init_by_strides(&desc_, axes, dims(shape).data(), type, dims(strides).data()),
                       "lay out a tensor");
#endif
    }
    /// As a primitive chose it for one of its arguments.
    onednn_layout(const onednn_primitive& primitive, int argument) {
        const_dnnl_primitive_desc_t of = nullptr;
        require_onednn(dnnl_primitive_get_primitive_desc(primitive.get(), &of), "describe a primitive");
        const handle chosen = dnnl_primitive_desc_query_md(of, dnnl_query_exec_arg_md, argument);
#if DNNL_VERSION_MAJOR >= 3
        dnnl_memory_desc_t made = nullptr;
        require_onednn(dnnl_memory_desc_clone(&made, chosen), "lay out a tensor");
        own(made);
#else
        desc_ = *chosen;
#endif
    }

#if DNNL_VERSION_MAJOR >= 3
    handle get() const { return desc_.get(); }
#else
    handle get() const { return &desc_; }
#endif
    std::size_t bytes() const { return dnnl_memory_desc_get_size(get()); }
    friend bool operator==(const onednn_layout& a, const onednn_layout& b) {
        return dnnl_memory_desc_equal(a.get(), b.get()) != 0;
    }

  private:
    static std::array<dnnl_dim_t, DNNL_MAX_NDIMS> dims(extents of) {
        std::array<dnnl_dim_t, DNNL_MAX_NDIMS> made{};
        std::copy(of.begin(), of.end(), made.begin());
        return made;
    }
#if DNNL_VERSION_MAJOR >= 3
    void own(dnnl_memory_desc_t made) {
        desc_ = std::shared_ptr<dnnl_memory_desc>(made, [](dnnl_memory_desc_t one) { dnnl_memory_desc_destroy(one); });
    }
    std::shared_ptr<dnnl_memory_desc> desc_;
#else
    dnnl_memory_desc_t desc_{};
#endif
};

/// A tensor in memory that somebody else owns; or none.
class onednn_tensor {
  public:
    onednn_tensor() = default;
    onednn_tensor(dnnl_engine_t engine, onednn_layout layout, const void* data) : layout_(std::move(layout)) {
        require_onednn(dnnl_memory_create(&memory_, layout_.get(), engine, const_cast<void*>(data)), "wrap a tensor");
    }
    onednn_tensor(onednn_tensor&& other) noexcept
        : layout_(std::move(other.layout_)), memory_(std::exchange(other.memory_, nullptr)) {}
    onednn_tensor& operator=(onednn_tensor&& other) noexcept {
        std::swap(layout_, other.layout_), std::swap(memory_, other.memory_);
        return *this;
    }
    ~onednn_tensor() {
        if (memory_) dnnl_memory_destroy(memory_);
    }
    dnnl_memory_t get() const { return memory_; }
    const onednn_layout& layout() const { return layout_; }
    void* data() const {
        void* where = nullptr;
        require_onednn(dnnl_memory_get_data_handle(memory_, &where), "find a tensor");
        return where;
    }

  private:
    onednn_layout layout_;
    dnnl_memory_t memory_ = nullptr;
};

/// The library's handles for one context, and the 4096 primitives used last: a model's step needs some hundreds for
/// each of its shapes, and making one costs far more than a small call. Primitives get their scratch memory with each
/// call, so any thread may run them, and several at once.
class onednn {
  public:
    using key = std::array<std::int64_t, 26>; ///< the kind of primitive, and its numbers; zeros behind them
    struct argument {
        int number; ///< DNNL_ARG_...
        const onednn_tensor& tensor;
    };

    onednn() { require_onednn(dnnl_engine_create(engine_.out(), dnnl_cpu, 0), "start"); }
    dnnl_engine_t engine() const { return engine_.get(); }

    onednn_tensor wrap(const onednn_layout& layout, const void* data) const { return {engine(), layout, data}; }

    /// Whether the processor has all of a set of instructions, in the library's eyes.
    static bool has(dnnl_cpu_isa_t all) { return (dnnl_get_effective_cpu_isa() & all) == all; }

    /// The primitive of this key, of what make(attributes, &desc) describes the first time.
    template <class Make> onednn_primitive cached(const key& shape, bool add, const Make& make) {
        const place at{shape, omp_get_max_threads()};
        if (const onednn_primitive* known = primitives_.find(at)) return *known;
        const onednn_attributes with = attributes_of(add);
        onednn_primitive_desc desc;
        const dnnl_status_t status = make(with.get(), desc.out());
        return primitives_.keep(at, made(status, desc));
    }

    /// Runs a primitive in this thread; what it needs beside its arguments comes from `scratch`.
    void run(arena& scratch, const onednn_primitive& what, std::initializer_list<argument> with,
             bool scratch_of_zeros = false) const {
        const arena::scope scope(scratch);
        const onednn_layout needed(what, DNNL_ARG_SCRATCHPAD);
        const auto memory = scratch.take<std::byte, dynamic>(needed.bytes());
        if (scratch_of_zeros) std::fill_n(memory.data(), memory.size(), std::byte{});
        const onednn_tensor pad = wrap(needed, memory.data());
        std::array<dnnl_exec_arg_t, 8> all{{{DNNL_ARG_SCRATCHPAD, pad.get()}}};
        int count = 1;
        for (const argument& one : with)
            if (one.tensor.get()) all[static_cast<std::size_t>(count++)] = {one.number, one.tensor.get()};
        onednn_stream stream;
        require_onednn(dnnl_stream_create(stream.out(), engine(), dnnl_stream_default_flags), "start a stream");
        require_onednn(dnnl_primitive_execute(what.get(), stream.get(), count, all.data()), "run a primitive");
        require_onednn(dnnl_stream_wait(stream.get()), "run a primitive");
    }

  private:
    using place = std::pair<key, int>; ///< with the threads that a primitive is made for

    /// The primitive that was described, if it was.
    static onednn_primitive made(dnnl_status_t status, const onednn_primitive_desc& desc) {
        dnnl_primitive_t primitive = nullptr;
        if (status == dnnl_success) status = dnnl_primitive_create(&primitive, desc.get());
        require(status == dnnl_success,
                "oneDNN has no product or convolution of this kind on this processor (in bf16 it needs AVX-512, and "
                "walt's own products, context::products, do not): {}",
                dnnl_status2str(status));
        return onednn_primitive(primitive, [](dnnl_primitive_t one) { dnnl_primitive_destroy(one); });
    }
    /// Scratch memory comes with each call; `add`: to what the result holds.
    static onednn_attributes attributes_of(bool add) {
        onednn_attributes made;
        require_onednn(dnnl_primitive_attr_create(made.out()), "describe a primitive");
        require_onednn(dnnl_primitive_attr_set_scratchpad_mode(made.get(), dnnl_scratchpad_mode_user),
                       "describe a primitive");
        if (!add) return made;
        onednn_post_ops sum;
        require_onednn(dnnl_post_ops_create(sum.out()), "describe a primitive");
#if DNNL_VERSION_MAJOR >= 3
        require_onednn(dnnl_post_ops_append_sum(sum.get(), 1.0f, 0, dnnl_data_type_undef), "describe a primitive");
#else
        require_onednn(dnnl_post_ops_append_sum(sum.get(), 1.0f), "describe a primitive");
#endif
        require_onednn(dnnl_primitive_attr_set_post_ops(made.get(), sum.get()), "describe a primitive");
        return made;
    }

    onednn_engine engine_;
    recent<place, onednn_primitive> primitives_{4096};
};

// The library's ways of saying what a primitive does. Those of 2.6 make a description that a primitive is made of.
#if DNNL_VERSION_MAJOR >= 3
inline constexpr auto onednn_matmul = dnnl_matmul_primitive_desc_create;
inline constexpr auto onednn_convolution = dnnl_convolution_forward_primitive_desc_create;
inline constexpr auto onednn_convolution_input = dnnl_convolution_backward_data_primitive_desc_create;
inline constexpr auto onednn_convolution_weight = dnnl_convolution_backward_weights_primitive_desc_create;
#else
inline constexpr auto onednn_matmul = dnnl_matmul_desc_init;
inline constexpr auto onednn_convolution = dnnl_dilated_convolution_forward_desc_init;
inline constexpr auto onednn_convolution_input = dnnl_dilated_convolution_backward_data_desc_init;
inline constexpr auto onednn_convolution_weight = dnnl_dilated_convolution_backward_weights_desc_init;
#endif

/// desc = what the library answers to one of the above. forward: the pass that a gradient belongs to, or nullptr.
#if DNNL_VERSION_MAJOR >= 3
template <class... Parameter, class Forward, class... Argument>
dnnl_status_t describe(const onednn& library, dnnl_status_t (*how)(Parameter...), const Forward& forward,
                       const_dnnl_primitive_attr_t attributes, dnnl_primitive_desc_t* desc, Argument... argument) {
    if constexpr (std::is_null_pointer_v<Forward>) return how(desc, library.engine(), argument..., attributes);
    else return how(desc, library.engine(), argument..., forward.get(), attributes);
}
#else
template <class What, class... Parameter, class Forward>
dnnl_status_t describe(const onednn& library, dnnl_status_t (*how)(What*, Parameter...), const Forward& forward,
                       const_dnnl_primitive_attr_t attributes, dnnl_primitive_desc_t* desc,
                       std::type_identity_t<Parameter>... argument) {
    What what;
    const dnnl_status_t status = how(&what, argument...);
    if (status != dnnl_success) return status;
    const_dnnl_primitive_desc_t hint = nullptr;
    if constexpr (!std::is_null_pointer_v<Forward>) hint = forward.get();
    return dnnl_primitive_desc_create(desc, &what, attributes, library.engine(), hint);
}
#endif

} // namespace walt::cpu::inline WALT_INSTRUCTION_SET
