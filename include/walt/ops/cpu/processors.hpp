// Where the threads of a team run. While every processor is taken, a system's scheduler wakes a thread where the one
// runs that woke it: caller and helper then take turns on one processor and leave the other one to another program
// (measured: half of the time beside one that spins on a machine of two). So a helper that was found on the processor
// of a thread of its team is kept off it.
#pragma once

#include "../../core/instruction_set.hpp"

#include <pthread.h>
#include <sched.h>

#include <atomic>
#include <cstddef>

namespace walt::cpu::inline WALT_INSTRUCTION_SET {
namespace detail {

#if defined(__linux__)

inline int this_processor() { return sched_getcpu(); }

/// The processors on which threads of a team are, first of all the calling one.
class taken_processors {
  public:
    explicit taken_processors(int first) {
        CPU_ZERO(&set_);
        add(first);
    }
    void add(int processor) { CPU_SET(static_cast<std::size_t>(processor), &set_); } // one out of range is left out
    bool has(int processor) const { return CPU_ISSET(static_cast<std::size_t>(processor), &set_); }
    /// `all` without these.
    cpu_set_t others(cpu_set_t all) const {
        cpu_set_t both;
        CPU_AND(&both, &all, &set_);
        CPU_XOR(&all, &all, &both);
        return all;
    }

  private:
    cpu_set_t set_;
};

/// A helper's place: where it was seen last, and where it was told to be.
class place {
  public:
    /// Called by the helper, when it has done its part.
    void note(int processor) { seen_.store(processor, std::memory_order_relaxed); }

    /// Called by the thread that it helps, before it wakes it: a helper that was seen on a processor that is taken may
    /// run on all others of the caller's, if there are any. One that was bound by somebody else stays where it is.
    void find(taken_processors& taken, pthread_t helper) {
        const int seen = seen_.load(std::memory_order_relaxed);
        if (seen < 0) return;
        if (!taken.has(seen)) return taken.add(seen);
        cpu_set_t callers, its;
        if (sched_getaffinity(0, sizeof callers, &callers) != 0) return;
        if (pthread_getaffinity_np(helper, sizeof its, &its) != 0) return;
        if (!CPU_EQUAL(&its, &callers) && !(told_ && CPU_EQUAL(&its, &where_))) return;
        const cpu_set_t others = taken.others(callers);
        if (CPU_COUNT(&others) == 0) return;
        told_ = pthread_setaffinity_np(helper, sizeof others, &others) == 0;
        where_ = others;
        seen_.store(-1, std::memory_order_relaxed); // until it says where it is
    }

  private:
    std::atomic<int> seen_{-1};
    bool told_ = false;
    cpu_set_t where_;
};

#else

inline int this_processor() { return -1; }

class taken_processors {
  public:
    explicit taken_processors(int) {}
};

/// Elsewhere the system decides.
class place {
  public:
    void note(int) {}
    void find(taken_processors&, pthread_t) {}
};

#endif

} // namespace detail
} // namespace walt::cpu::inline WALT_INSTRUCTION_SET
