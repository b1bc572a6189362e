// Work that is asked for again and again on the same memory: a device that can record it replays the record.
#pragma once

#include <cstdint>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace walt {

namespace detail {
template <class Context> constexpr auto recording_of() {
    if constexpr (requires { typename Context::recording; }) return std::type_identity<typename Context::recording>{};
    else return std::type_identity<std::monostate>{};
}
} // namespace detail

/// `repeated step(ctx, work); step(); step();` calls work each time. A device that records (cuda, as a CUDA graph) runs
/// it at the first call, when memory grows and plans are made, records it at the second and replays the record from
/// then on. So `work` must ask for the same ops on the same memory every time: what changes is read from device memory,
/// and nothing is uploaded or downloaded.
template <class Context, class Work> class repeated {
  public:
    repeated(Context& ctx, Work work) : ctx_(ctx), work_(std::move(work)) {}
    repeated(const repeated&) = delete;
    repeated& operator=(const repeated&) = delete;

    void operator()() {
        if constexpr (requires { typename Context::recording; }) {
            if (calls_++ == 0) return work_();
            if (!record_) record_.emplace(ctx_, work_);
            record_->replay();
        } else work_();
    }

  private:
    Context& ctx_;
    Work work_;
    int calls_ = 0;
    std::optional<typename decltype(detail::recording_of<Context>())::type> record_;
};

/// What tells one piece of repeated work from others of the same code: every number and address that it depends on.
using work_key = std::vector<std::uint64_t>;
inline std::uint64_t address(const void* of) { return reinterpret_cast<std::uintptr_t>(of); }

/// The same for work whose caller does not live long enough: the context keeps the records, by `key`.
template <class Context, class Work> void repeat_work(Context& ctx, work_key key, Work&& work) {
    if constexpr (requires { ctx.repeat(std::move(key), work); }) ctx.repeat(std::move(key), work);
    else work();
}

} // namespace walt
