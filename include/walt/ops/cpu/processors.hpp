// Where the threads of a team run. While every processor is taken, a system's scheduler wakes a thread where the one
// runs that woke it: caller and helper then take turns on one processor and leave the other one to another program
// (measured: half of the time beside one that spins on a machine of two). So a helper that was found on the processor
// of a thread of its team is kept off it. And where another program has put a helper aside in the middle of its last
// pieces, the caller has nothing to do but wait: it gives the helper its own processor.
#pragma once

#include "../../core/instruction_set.hpp"

#include <pthread.h>
#include <sched.h>
#include <time.h>

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace walt::cpu::inline WALT_INSTRUCTION_SET {
namespace detail {

inline void pause() {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}

#if defined(__linux__)

inline int this_processor() { return sched_getcpu(); }

/// Nanoseconds that a thread has run. (0 where the system does not say: it then never stands still.)
inline std::int64_t time_run(pthread_t thread) {
    clockid_t its;
    timespec t{};
    if (pthread_getcpuclockid(thread, &its) != 0 || clock_gettime(its, &t) != 0) return 0;
    return std::int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

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
        if (!brought_ && !taken.has(seen)) return taken.add(seen);
        cpu_set_t callers;
        if (!may_tell(helper, callers)) return;
        const cpu_set_t others = taken.others(callers);
        if (CPU_COUNT(&others) == 0) return;
        tell(helper, others);
        brought_ = false;
        seen_.store(-1, std::memory_order_relaxed); // until it says where it is
    }

    /// Called by the thread that it helps, when it has nothing to do but wait for it: a helper that does not run,
    /// though it has work, gets the caller's processor. Says whether it does.
    bool bring(pthread_t helper) {
        const std::int64_t before = time_run(helper);
        for (int i = 0; i < 50; ++i) pause(); // more than a clock's step
        if (before == 0 || time_run(helper) != before) return false;
        cpu_set_t callers, here;
        const int processor = this_processor();
        if (processor < 0 || processor >= CPU_SETSIZE || !may_tell(helper, callers)) return false;
        CPU_ZERO(&here);
        CPU_SET(static_cast<std::size_t>(processor), &here);
        brought_ = tell(helper, here);
        return brought_;
    }

  private:
    /// Whether it is where its caller may be, or where it was told to be.
    bool may_tell(pthread_t helper, cpu_set_t& callers) const {
        cpu_set_t its;
        if (sched_getaffinity(0, sizeof callers, &callers) != 0) return false;
        if (pthread_getaffinity_np(helper, sizeof its, &its) != 0) return false;
        return CPU_EQUAL(&its, &callers) || (told_ && CPU_EQUAL(&its, &where_));
    }
    bool tell(pthread_t helper, const cpu_set_t& where) {
        where_ = where;
        return told_ = pthread_setaffinity_np(helper, sizeof where, &where) == 0;
    }

    std::atomic<int> seen_{-1};
    bool told_ = false, brought_ = false;
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
    bool bring(pthread_t) { return false; }
};

#endif

} // namespace detail
} // namespace walt::cpu::inline WALT_INSTRUCTION_SET
