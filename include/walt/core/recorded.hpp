// Work that is asked for again and again on the same memory: a device that can record it replays the record.
#pragma once

#include "append.hpp"
#include "dtype.hpp"
#include "fields.hpp"
#include "none.hpp"

#include <bit>
#include <compare>
#include <cstdint>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace walt {

/// What tells one piece of recorded work from others of the same code: all that the work reads on the host, numbers and
/// addresses. (What lies at the addresses may change from one call to the next.)
class work_key {
  public:
    template <class... What> explicit work_key(const What&... what) { add(what...); }
    auto operator<=>(const work_key&) const = default;

    void add_to(work_key& other) const { detail::append(other.words_, words_); }
    /// Adds numbers, addresses, views, and structs of these by their fields; other types say what is read of them in a
    /// member `void add_to(work_key&) const`.
    template <class... What> void add(const What&... what) { (one(what), ...); }

  private:
    template <class What> void one(const What& what) {
        if constexpr (requires(work_key & key) { what.add_to(key); }) what.add_to(*this);
        else if constexpr (std::is_empty_v<What>) return; // its type is the code's
        else if constexpr (std::is_enum_v<What> || std::is_integral_v<What>)
            words_.push_back(static_cast<std::uint64_t>(what));
        else if constexpr (std::is_floating_point_v<What>) words_.push_back(std::bit_cast<std::uint64_t>(double{what}));
        else if constexpr (std::is_same_v<What, bf16>) words_.push_back(what.bits);
        else if constexpr (std::is_pointer_v<What>) words_.push_back(reinterpret_cast<std::uintptr_t>(what));
        else if constexpr (requires { what.data(), what.extent(0), What::rank; }) { // a view
            one(what.data());
            for (int axis = 0; axis < What::rank; ++axis) one(what.extent(axis));
        } else if constexpr (requires { what.size(), what.begin(), what.end(); }) {
            one(what.size());
            for (const auto& element : what) one(element);
        } else if constexpr (requires { what.weights(); }) one(what.weights()); // a model
        else if constexpr (std::is_aggregate_v<What>) each_field(what, [this](const auto& field) { one(field); });
        else
            static_assert(sizeof(What) == 0,
                          "recorded work reads an object that does not say what it is known by: give "
                          "it a member `void add_to(walt::work_key& key) const`");
    }

    std::vector<std::uint64_t> words_;
};

/// Devices that can record.
template <class Context>
concept recording_context = requires(Context& ctx) {
    typename Context::recording;
    ctx.may_record;
};

/// Calls work(ctx, what...), or replays what it asked the device for when it was called with the same `what` before.
/// Devices that can record (cuda, as a CUDA graph) carry it out at the first call, when memory grows and plans are
/// made, record it at the second, and replay the record from then on, until they have met many others. So on the same
/// `what` it must ask for the same ops on the same memory; what changes is read from device memory, and nothing is
/// uploaded or downloaded. `work` is a lambda without captures: it knows what it is given and no more, and that is what
/// its record is found by. With `record` off, on other devices, and on
/// a context that may not record (`may_record`: a model on it fetches its blocks as they are needed), it is called
/// every time.
template <class Context, class Work, class... What>
void record_work(Context& ctx, bool record, const Work& work, What&&... what) {
    static_assert(std::is_empty_v<Work>,
                  "recorded work has no captures: what it reads is given to it, so that its record "
                  "is replayed for the same objects and numbers only");
    if constexpr (recording_context<Context>) {
        if (record && ctx.may_record) return ctx.record(work_key(ctx, what...), [&] { work(ctx, what...); });
    }
    work(ctx, what...);
}

namespace detail {
template <class Context> struct no_recording { using type = none; };
template <recording_context Context> struct no_recording<Context> { using type = typename Context::recording; };
} // namespace detail

/// `recorded step(ctx, work); step(); step();` is the same for work whose caller keeps the record: what `work` captures
/// must not change as long as `step` lives.
template <class Context, class Work> class recorded {
  public:
    recorded(Context& ctx, Work work) : ctx_(ctx), work_(std::move(work)) {}
    recorded(const recorded&) = delete;
    recorded& operator=(const recorded&) = delete;

    void operator()() {
        if constexpr (recording_context<Context>) {
            if (!ctx_.may_record) return work_();
            work_key now(ctx_); // its precision, and where its arena goes on
            if (known_ != now) {
                record_.reset();
                work_();
                known_ = std::move(now);
            } else {
                if (!record_) try {
                        record_.emplace(ctx_, work_);
                    } catch (const typename Context::recording::impossible&) {
                        return work_();
                    }
                record_->replay();
            }
        } else work_();
    }

  private:
    Context& ctx_;
    Work work_;
    std::optional<work_key> known_; ///< under which work has been carried out
    std::optional<typename detail::no_recording<Context>::type> record_;
};

/// The least of 1, 2, 3, 4, 6, 8, 12, 16, 24 ... that is not below `count`: for what varies from batch to batch, such
/// as the number of different texts, so that a few records and plans serve all. At most a half is added.
constexpr std::int64_t coarse(std::int64_t count) {
    std::int64_t step = 1;
    while (2 * step < count) step *= 2;
    return count <= step ? step : count <= step + step / 2 ? step + step / 2 : 2 * step;
}

} // namespace walt
