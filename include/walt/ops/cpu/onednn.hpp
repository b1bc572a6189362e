// oneDNN behind one small header: engine, stream, memories, and primitives cached by a key. Serves 2.6 and 3.x, whose
// way of creating primitives differs.
#pragma once

#include "../../core/dtype.hpp"
#include "../../core/error.hpp"
#include "../../core/instruction_set.hpp"

#include <dnnl.hpp>

#include <cstdint>
#include <map>
#include <unordered_map>
#include <vector>

namespace walt::cpu::inline WALT_INSTRUCTION_SET {

template <class T> constexpr dnnl::memory::data_type onednn_type() {
    if constexpr (std::is_same_v<std::remove_cv_t<T>, float>) return dnnl::memory::data_type::f32;
    else if constexpr (std::is_same_v<std::remove_cv_t<T>, bf16>) return dnnl::memory::data_type::bf16;
    else
        static_assert(sizeof(T) == 0,
                      "the cpu device computes in float or bf16; for double use walt::reference::context");
}

/// The library's handles for one context, and the primitives made so far (making one costs far more than a small call).
struct onednn {
    using arguments = std::unordered_map<int, dnnl::memory>;
    using key = std::vector<std::int64_t>;

    dnnl::engine engine{dnnl::engine::kind::cpu, 0};
    dnnl::stream stream{engine};
    std::map<key, dnnl::primitive> primitives;

    template <class T> dnnl::memory wrap(const dnnl::memory::desc& desc, const T* data) {
        return dnnl::memory(desc, engine, const_cast<std::remove_cv_t<T>*>(data));
    }

    /// The primitive of this key, made by `make()` the first time.
    template <class Make> dnnl::primitive& cached(const key& shape, Make&& make) {
        const auto found = primitives.find(shape);
        if (found != primitives.end()) return found->second;
        return primitives.emplace(shape, make()).first->second;
    }

    void run(const dnnl::primitive& what, const arguments& with) {
        what.execute(stream, with);
        stream.wait();
    }
};

} // namespace walt::cpu::inline WALT_INSTRUCTION_SET
