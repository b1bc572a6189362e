// What cuDNN is asked for: a convolution, and what its sum becomes, as a graph of operations.
#pragma once

#include "../conv3d.hpp"
#include "context.cuh"

#include <cudnn_graph.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

namespace walt::cuda {

/// Throws a walt::error when `status` is not success.
template <class... Part> void check(cudnnStatus_t status, walt::detail::sentence<Part...> call, const Part&... part) {
    if (status == CUDNN_STATUS_SUCCESS) return;
    char why[512] = "";
    cudnnGetLastErrorString(why, sizeof why);
    fail("{} failed: {} {}{}", walt::detail::written(call.text, {part...}), cudnnGetErrorString(status), why,
         after_failure());
}

template <class T> constexpr cudnnDataType_t cudnn_type() {
    if constexpr (std::is_same_v<std::remove_cv_t<T>, float>) return CUDNN_DATA_FLOAT;
    else if constexpr (std::is_same_v<std::remove_cv_t<T>, bf16>) return CUDNN_DATA_BFLOAT16;
    else
        static_assert(sizeof(T) == 0,
                      "the cuda device computes in float or bf16; for double use walt::reference::context");
}

enum class conv_pass { forward, grad_input, grad_weight };

/// A convolution between x [B, F, H, W, I] and y by w [O, Kt, Kh, Kw, I], or one of its gradients. Padding is zeros.
struct convolution {
    conv_pass pass;
    video_size x, y;
    std::int64_t in, out;
    conv_geometry geometry;
    bool tf32;

    std::int64_t taps() const {
        return std::int64_t{1} * geometry.time.kernel * geometry.height.kernel * geometry.width.kernel;
    }
    std::string words() const {
        constexpr const char* of[]{"the convolution", "the input gradient of the convolution",
                                   "the weight gradient of the convolution"};
        return fmt::format("{} of {} x {} x {} x {} x {} by {} x {} x {} to {} x {} x {} x {}",
                           of[static_cast<int>(pass)], x.batch, x.frames, x.height, x.width, in, geometry.time.kernel,
                           geometry.height.kernel, geometry.width.kernel, y.frames, y.height, y.width, out);
    }
};

/// What a convolution's sum becomes, in float32 and in this order, before it is rounded to the result's type.
struct conv_finish {
    const float* bias = nullptr; ///< [O]: added
    bool add = false;            ///< added to what the result's memory holds

    bool does_something() const { return bias != nullptr || add; }
};

/// A backend descriptor, destroyed with its owner.
class cudnn_descriptor {
  public:
    explicit cudnn_descriptor(cudnnBackendDescriptorType_t type) {
        cudnnBackendDescriptor_t made = nullptr;
        check(cudnnBackendCreateDescriptor(type, &made), "cudnnBackendCreateDescriptor of type {}",
              static_cast<int>(type));
        handle_.reset(made);
    }
    cudnnBackendDescriptor_t get() const { return handle_.get(); }

    template <class Value, std::size_t Count>
    cudnn_descriptor& set(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type,
                          const std::array<Value, Count>& values) {
        check(cudnnBackendSetAttribute(get(), name, type, Count, values.data()),
              "cudnnBackendSetAttribute of attribute {}", static_cast<int>(name));
        return *this;
    }
    template <class Value>
    cudnn_descriptor& set(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type,
                          const std::vector<Value>& values) {
        check(cudnnBackendSetAttribute(get(), name, type, static_cast<std::int64_t>(values.size()), values.data()),
              "cudnnBackendSetAttribute of attribute {}", static_cast<int>(name));
        return *this;
    }
    template <class Value>
    cudnn_descriptor& set(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type, Value value) {
        return set(name, type, std::array<Value, 1>{value});
    }
    cudnn_descriptor& set(cudnnBackendAttributeName_t name, const cudnn_descriptor& other) {
        return set(name, CUDNN_TYPE_BACKEND_DESCRIPTOR, other.get());
    }
    cudnn_descriptor& set(cudnnBackendAttributeName_t name, const std::vector<cudnn_descriptor>& others) {
        std::vector<cudnnBackendDescriptor_t> all;
        for (const auto& other : others) all.push_back(other.get());
        return set(name, CUDNN_TYPE_BACKEND_DESCRIPTOR, all);
    }
    /// what() says it in words, if it fails.
    template <class Words> void finalize(Words&& what) {
        const cudnnStatus_t status = cudnnBackendFinalize(get());
        if (status != CUDNN_STATUS_SUCCESS) check(status, "cudnnBackendFinalize for {}", std::string(what()));
    }
    /// Whether cuDNN can do what the descriptor says.
    bool supported() { return can(cudnnBackendFinalize(get()), "cudnnBackendFinalize"); }
    /// Whether it could. Throws where it cannot tell for want of memory.
    static bool can(cudnnStatus_t status, const char* what) {
        for (const cudnnStatus_t no_memory :
             {CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED, CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED})
            if (status == no_memory) check(status, "{}", what);
        return status == CUDNN_STATUS_SUCCESS;
    }

  private:
    struct destroy {
        void operator()(void* handle) const { cudnnBackendDestroyDescriptor(handle); }
    };
    std::unique_ptr<void, destroy> handle_;
};

/// A convolution as cuDNN's operations.
struct convolution_graph {
    using three_types = std::array<cudnnDataType_t, 3>; // of x, w, y
    using extents = std::array<std::int64_t, 5>;
    static constexpr std::int64_t id_x = 1, id_w = 2, id_y = 3, id_bias = 4, id_before = 5, id_between = 6;

    template <class T, class U> static three_types types(conv_pass pass) {
        three_types all{cudnn_type<T>(), cudnn_type<T>(), cudnn_type<T>()};
        all[result_of(pass)] = cudnn_type<U>();
        return all;
    }
    /// Which of x, w, y a pass writes.
    static std::size_t result_of(conv_pass pass) {
        return pass == conv_pass::grad_input ? 0 : pass == conv_pass::grad_weight ? 1 : 2;
    }

    /// [outer, frames, height, width, channels] in memory, which cuDNN calls [outer, channels, frames, height, width].
    /// A tensor between two operations of a graph never gets to memory.
    static cudnn_descriptor tensor(std::int64_t id, cudnnDataType_t type, std::int64_t alignment,
                                   const extents& in_memory, bool between = false) {
        const auto& [outer, frames, height, width, channels] = in_memory;
        cudnn_descriptor made(CUDNN_BACKEND_TENSOR_DESCRIPTOR);
        made.set(CUDNN_ATTR_TENSOR_UNIQUE_ID, CUDNN_TYPE_INT64, id)
            .set(CUDNN_ATTR_TENSOR_DATA_TYPE, CUDNN_TYPE_DATA_TYPE, type)
            .set(CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, CUDNN_TYPE_INT64, alignment)
            .set(CUDNN_ATTR_TENSOR_IS_VIRTUAL, CUDNN_TYPE_BOOLEAN, between)
            .set(CUDNN_ATTR_TENSOR_DIMENSIONS, CUDNN_TYPE_INT64, extents{outer, channels, frames, height, width})
            .set(CUDNN_ATTR_TENSOR_STRIDES, CUDNN_TYPE_INT64,
                 extents{frames * height * width * channels, 1, height * width * channels, width * channels, channels})
            .finalize([&] {
                return fmt::format("a tensor of {} x {} x {} x {} x {}", in_memory[0], in_memory[1], in_memory[2],
                                   in_memory[3], in_memory[4]);
            });
        return made;
    }

    static cudnn_descriptor geometry(const convolution& c) {
        using three = std::array<std::int64_t, 3>;
        const conv_axis &time = c.geometry.time, &height = c.geometry.height, &width = c.geometry.width;
        cudnn_descriptor made(CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR);
        made.set(CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, CUDNN_TYPE_INT64, std::int64_t{3})
            .set(CUDNN_ATTR_CONVOLUTION_COMP_TYPE, CUDNN_TYPE_DATA_TYPE, CUDNN_DATA_FLOAT)
            .set(CUDNN_ATTR_CONVOLUTION_CONV_MODE, CUDNN_TYPE_CONVOLUTION_MODE, CUDNN_CROSS_CORRELATION)
            .set(CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, CUDNN_TYPE_INT64, three{time.before, height.before, width.before})
            .set(CUDNN_ATTR_CONVOLUTION_POST_PADDINGS, CUDNN_TYPE_INT64, three{time.after, height.after, width.after})
            .set(CUDNN_ATTR_CONVOLUTION_DILATIONS, CUDNN_TYPE_INT64, three{1, 1, 1})
            .set(CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, CUDNN_TYPE_INT64,
                 three{time.stride, height.stride, width.stride})
            .finalize([&] { return c.words(); });
        return made;
    }

    /// The operation of one pass: its descriptor's type and the names of its attributes.
    struct operation_names {
        cudnnBackendDescriptorType_t type;
        cudnnBackendAttributeName_t x, w, y, geometry, alpha, beta;
    };
    static operation_names names_of(conv_pass pass) {
        switch (pass) {
        case conv_pass::grad_input:
            return {CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR,
                    CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX,
                    CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_W,
                    CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DY,
                    CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC,
                    CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_ALPHA,
                    CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_BETA};
        case conv_pass::grad_weight:
            return {CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR,
                    CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_X,
                    CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DW,
                    CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DY,
                    CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_CONV_DESC,
                    CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_ALPHA,
                    CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_BETA};
        default:
            return {CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR,
                    CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X,
                    CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W,
                    CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y,
                    CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC,
                    CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA,
                    CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA};
        }
    }

    /// to = from, or from + other.
    static cudnn_descriptor pointwise(const cudnn_descriptor& from, const cudnn_descriptor* other,
                                      const cudnn_descriptor& to) {
        cudnn_descriptor mode(CUDNN_BACKEND_POINTWISE_DESCRIPTOR), made(CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR);
        mode.set(CUDNN_ATTR_POINTWISE_MODE, CUDNN_TYPE_POINTWISE_MODE,
                 other ? CUDNN_POINTWISE_ADD : CUDNN_POINTWISE_IDENTITY)
            .set(CUDNN_ATTR_POINTWISE_MATH_PREC, CUDNN_TYPE_DATA_TYPE, CUDNN_DATA_FLOAT)
            .finalize([] { return "an addition in float"; });
        made.set(CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR, mode)
            .set(CUDNN_ATTR_OPERATION_POINTWISE_XDESC, from)
            .set(CUDNN_ATTR_OPERATION_POINTWISE_YDESC, to);
        if (other) made.set(CUDNN_ATTR_OPERATION_POINTWISE_BDESC, *other);
        return made;
    }

    /// The convolution, and, where its sum is not what is stored, what becomes of it: the sum (+ bias) (+ what is
    /// there)
    /// -> the result. Empty where cuDNN refuses an operation.
    static std::vector<cudnn_descriptor> operations(const convolution& c, const three_types& types,
                                                    const std::array<std::int64_t, 4>& alignments, bool fused,
                                                    const conv_finish& finish) {
        const conv_axis &time = c.geometry.time, &height = c.geometry.height, &width = c.geometry.width;
        const std::size_t result = result_of(c.pass);
        const std::array<extents, 3> sizes{extents{c.x.batch, c.x.frames, c.x.height, c.x.width, c.in},
                                           extents{c.out, time.kernel, height.kernel, width.kernel, c.in},
                                           extents{c.y.batch, c.y.frames, c.y.height, c.y.width, c.out}};
        const auto stored = [&](std::size_t i, std::int64_t id) {
            return tensor(id, types[i], alignments[i], sizes[i]);
        };
        std::vector<cudnn_descriptor> between; // the sum, and the sum + bias
        const auto next_between = [&] {
            between.push_back(tensor(id_between + static_cast<std::int64_t>(between.size()), CUDNN_DATA_FLOAT, 16,
                                     sizes[result], true));
        };
        if (fused) next_between();
        const auto operand = [&](std::size_t i, std::int64_t id) {
            return fused && i == result ? tensor(id_between, CUDNN_DATA_FLOAT, 16, sizes[result], true) : stored(i, id);
        };
        const auto names = names_of(c.pass);
        std::vector<cudnn_descriptor> all;
        all.emplace_back(names.type)
            .set(names.x, operand(0, id_x))
            .set(names.w, operand(1, id_w))
            .set(names.y, operand(2, id_y))
            .set(names.geometry, geometry(c))
            .set(names.alpha, CUDNN_TYPE_FLOAT, 1.0f)
            .set(names.beta, CUDNN_TYPE_FLOAT, 0.0f);
        if (fused) {
            const cudnn_descriptor to = stored(result, std::int64_t(result) + id_x);
            if (finish.bias) {
                const cudnn_descriptor bias = tensor(id_bias, CUDNN_DATA_FLOAT, alignments[3], {1, 1, 1, 1, c.out});
                if (finish.add) next_between();
                all.push_back(pointwise(between.front(), &bias, finish.add ? between.back() : to));
            }
            const cudnn_descriptor before = stored(result, id_before);
            if (finish.add || !finish.bias)
                all.push_back(pointwise(between.back(), finish.add ? &before : nullptr, to));
        }
        for (cudnn_descriptor& operation : all)
            if (!operation.supported()) return {};
        return all;
    }
};

} // namespace walt::cuda
