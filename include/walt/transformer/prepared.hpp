// What of a pass does not change from one step of sampling to the next: computed once, kept on the device.
#pragma once

#include "../config/denoiser.hpp"
#include "../core/buffer.hpp"
#include "../core/dtype.hpp"

#include <functional>
#include <vector>

namespace walt {

/// Memory of a device for as long as somebody holds it; taken as from an arena.
class holdings {
  public:
    holdings() = default;
    template <class Context>
    explicit holdings(Context& ctx) : allocate_([&ctx](std::size_t bytes) { return ctx.allocate(bytes); }) {}

    template <class T, int... Extent, class... Count> view<T, Extent...> take(Count... count) {
        const view<T, Extent...> shape(nullptr, count...);
        held_.push_back(allocate_(static_cast<std::size_t>(shape.size()) * sizeof(T)));
        return view<T, Extent...>(reinterpret_cast<T*>(held_.back().get()), count...);
    }

  private:
    std::function<memory(std::size_t)> allocate_;
    std::vector<memory> held_;
};

/// The keys and values of the texts in every block, the terms of the conditioning vector that do not follow the step,
/// the low-resolution latent at full size: of B samples, in the compute type T where products use them. Empty:
/// nothing is prepared, and a pass computes all. Copies share the memory.
template <class T, class Config> struct prepared {
    using A = accumulate_t<T>;
    static constexpr int D = dimensions<Config>::hidden, F = Config::frames;

    std::int64_t samples = 0;
    std::vector<view<T, dynamic, 2 * D>> text_kv;                                     // of block i: [S M, 2 D]
    view<A, dynamic, D> numbers, low_time;                                            // [B F, D]
    view<T, dynamic, F, Config::height, Config::width, Config::channels> upsampled{}; // [B, F, H, W, C]
    holdings held;

    explicit operator bool() const { return samples > 0; }
    /// The same of the first samples.
    prepared first(std::int64_t count) const {
        prepared part = *this;
        part.samples = count;
        if (part.numbers.size() > 0) part.numbers = numbers.slice(0, count * F);
        if (part.low_time.size() > 0) part.low_time = low_time.slice(0, count * F);
        if (part.upsampled.size() > 0) part.upsampled = upsampled.slice(0, count);
        return part;
    }
};

} // namespace walt
