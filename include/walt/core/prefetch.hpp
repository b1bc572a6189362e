// Work done ahead: threads compute item n, n + 1, ... while the consumer is busy, and hand them over in order.
#pragma once

#include "threads.hpp"

#include <cstdint>
#include <exception>
#include <functional>
#include <optional>
#include <vector>

namespace walt {

struct prefetching {
    std::int64_t first = 0; ///< number of the first item: where a run resumes
    int ahead = 4;          ///< most items that wait or are being made at once
    int threads = 1;        ///< with more than one, the function must bear being called by several at once
};

/// Calls make(n) for n = first, first + 1, ... in threads of its own. Destruction waits for the items in the making.
template <class Item> class prefetch {
  public:
    explicit prefetch(std::function<Item(std::int64_t)> make, prefetching how = {})
        : make_(std::move(make)), next_(how.first), started_(how.first) {
        require(how.ahead > 0, "prefetching::ahead must be 1 or more; it is {}", how.ahead);
        require(how.threads > 0, "prefetching::threads must be 1 or more; it is {}", how.threads);
        slots_.resize(static_cast<std::size_t>(how.ahead));
        try {
            for (int i = 0; i < how.threads; ++i) workers_.emplace_back(*this, [](prefetch& of) { of.work(); });
        } catch (...) { // the system has no more threads
            stop();
            throw;
        }
    }
    prefetch(const prefetch&) = delete;
    prefetch& operator=(const prefetch&) = delete;
    ~prefetch() { stop(); }

    /// The next item; waits until it is there. What make(n) threw for it is thrown here, now and in every later call.
    Item next() {
        detail::lock inside(mutex_);
        slot& one = at(next_);
        made_.wait(inside, [&] { return one.item || one.failure; });
        if (one.failure) std::rethrow_exception(one.failure);
        Item item = std::move(*one.item);
        one.item.reset();
        ++next_;
        room_.wake_one();
        return item;
    }

    /// Number of the item that next() gives: what a checkpoint keeps.
    std::int64_t position() const {
        const detail::lock inside(mutex_);
        return next_;
    }

  private:
    struct slot {
        std::optional<Item> item;
        std::exception_ptr failure;
    };
    slot& at(std::int64_t n) { return slots_[static_cast<std::size_t>(n) % slots_.size()]; }

    void work() {
        detail::lock inside(mutex_);
        for (;;) {
            room_.wait(inside,
                       [&] { return stopping_ || started_ - next_ < static_cast<std::int64_t>(slots_.size()); });
            if (stopping_) return;
            const std::int64_t n = started_++;
            inside.open();
            slot result;
            try {
                result.item.emplace(make_(n));
            } catch (...) {
                result.failure = std::current_exception();
            }
            inside.close();
            at(n) = std::move(result);
            made_.wake_one();
        }
    }

    void stop() {
        {
            const detail::lock inside(mutex_);
            stopping_ = true;
        }
        room_.wake_all();
        workers_.clear();
    }

    std::function<Item(std::int64_t)> make_;
    mutable detail::mutex mutex_;
    detail::condition made_, room_;
    std::vector<slot> slots_; // item n waits in slot n mod ahead
    std::int64_t next_, started_;
    bool stopping_ = false;
    std::vector<detail::thread> workers_;
};

} // namespace walt
