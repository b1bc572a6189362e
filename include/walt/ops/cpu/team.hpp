// The threads of walt's own that help a thread of the CPU device, and the region that they work on together: its pieces
// are claimed as threads become free, so one that has lost its processor to another program holds up one run of pieces
// and not the region. OpenMP deals out shares and waits for all of them at a barrier, where its threads spin for
// milliseconds. Every thread that calls has its own team, as with OpenMP.
#pragma once

#include "../../core/instruction_set.hpp"
#include "../../core/threads.hpp"
#include "processors.hpp"

#include <omp.h>
#include <pthread.h>
#include <semaphore.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <memory>
#include <string_view>
#include <vector>

namespace walt::cpu::inline WALT_INSTRUCTION_SET {

/// While one lives, this thread works alone: regions that it meets run in it, oneDNN's as well.
class alone {
  public:
    alone() : before_(omp_get_max_threads()) { omp_set_num_threads(1); }
    ~alone() { omp_set_num_threads(before_); }
    alone(const alone&) = delete;
    alone& operator=(const alone&) = delete;

  private:
    int before_;
};

namespace detail {

/// How often a thread looks for work, or for the end of it, before it sleeps: some 20 microseconds, unless OpenMP was
/// told how to wait.
inline int looks_before_sleep() {
    static const int looks = [] {
        const char* policy = std::getenv("OMP_WAIT_POLICY");
        const std::string_view told = policy ? policy : "";
        return told == "passive" || told == "PASSIVE" ? 0 : told == "active" || told == "ACTIVE" ? 1 << 20 : 1000;
    }();
    return looks;
}

/// Wakes one thread that waits for it. (std::atomic's wait yields before it sleeps, which gives a busy neighbour the
/// processor for milliseconds.)
class bell {
  public:
    bell() { sem_init(&rung_, 0, 0); }
    ~bell() { sem_destroy(&rung_); }
    bell(const bell&) = delete;
    bell& operator=(const bell&) = delete;

    void ring() { sem_post(&rung_); }
    void wait() {
        wait([] {});
    }
    /// Calls before_sleep() when it has looked for long enough.
    template <class BeforeSleep> void wait(const BeforeSleep& before_sleep) {
        for (int i = looks_before_sleep(); i > 0; --i) {
            if (sem_trywait(&rung_) == 0) return;
            pause();
        }
        before_sleep();
        while (sem_wait(&rung_) != 0) {
        } // a signal interrupts it
    }

  private:
    sem_t rung_;
};

/// The pieces of a region, and the first exception that one of them threw.
class region {
  public:
    using body = void (*)(const void* of, std::int64_t first, std::int64_t last);

    /// Called while no thread is inside.
    void open(body call, const void* of, std::int64_t count, std::int64_t at_once) {
        call_ = call;
        of_ = of;
        count_ = count;
        at_once_ = at_once;
        thrown_ = nullptr;
        threw_.clear();
        next_.store(0, std::memory_order_relaxed);
        inside_.store(0, std::memory_order_release);
    }
    /// A worker's part, if the region is still open.
    void join() {
        int others = inside_.load(std::memory_order_relaxed);
        do {
            if (others & closed) return;
        } while (
            !inside_.compare_exchange_weak(others, others + 1, std::memory_order_acquire, std::memory_order_relaxed));
        claim();
        if (inside_.fetch_sub(1, std::memory_order_acq_rel) == (closed | 1)) empty_.ring();
    }
    /// The caller's part; when it returns, all is done. held_up() is called before it sleeps for a worker.
    template <class HeldUp> void finish(const HeldUp& held_up) {
        claim();
        if (inside_.fetch_or(closed, std::memory_order_acq_rel) != 0) empty_.wait(held_up);
        if (thrown_) std::rethrow_exception(thrown_);
    }

  private:
    static constexpr int closed = 1 << 30;

    void claim() {
        try {
            for (;;) {
                const std::int64_t first = next_.fetch_add(at_once_, std::memory_order_relaxed);
                if (first >= count_) return;
                call_(of_, first, std::min(count_, first + at_once_));
            }
        } catch (...) {
            if (!threw_.test_and_set()) thrown_ = std::current_exception();
            next_.store(count_, std::memory_order_relaxed); // nothing more is begun
        }
    }

    body call_ = nullptr;
    const void* of_ = nullptr;
    std::int64_t count_ = 0, at_once_ = 1;
    std::exception_ptr thrown_;
    std::atomic_flag threw_;
    alignas(64) std::atomic<std::int64_t> next_{0};
    alignas(64) std::atomic<int> inside_{closed}; ///< workers that are in the region, and whether no more may enter
    bell empty_;
};

/// The threads that help one thread. They sleep between regions and end with it.
class team {
  public:
    static team& of_this_thread() {
        static thread_local team own;
        return own;
    }

    void run(region::body call, const void* of, std::int64_t count, std::int64_t at_once, int threads) {
        grow(threads - 1);
        const std::int64_t claims = (count + at_once - 1) / at_once;
        const auto helpers =
            std::min({static_cast<std::int64_t>(threads - 1), claims - 1, static_cast<std::int64_t>(workers_.size())});
        region_.open(call, of, count, at_once);
        spread(helpers);
        for (std::int64_t i = 0; i < helpers; ++i) workers_[static_cast<std::size_t>(i)]->call();
        const alone one;
        region_.finish([&] { free_one(helpers); });
    }

  private:
    class worker {
      public:
        worker(region& work, std::size_t number)
            : work_(work), number_(number), thread_(*this, [](worker& one) { one.live(); }) {}
        void keep_off(taken_processors& taken) { place_.find(taken, thread_.id()); }
        bool bring() { return works_.load(std::memory_order_relaxed) && place_.bring(thread_.id()); }
        void call() {
            if (!called_.exchange(true)) called_bell_.ring();
        }
        void end(bool forked) {
            if (forked) return thread_.detach(); // a fork's child has only the thread that forked
            ended_ = true;
            call();
            thread_.join();
        }

      private:
        void live() {
            take_place(number_);
            omp_set_num_threads(1);
            for (;;) {
                called_bell_.wait();
                called_ = false;
                if (ended_) return;
                works_.store(true, std::memory_order_relaxed);
                work_.join();
                works_.store(false, std::memory_order_relaxed);
                place_.note(this_processor());
            }
        }
        /// Where OpenMP binds threads to places (OMP_PROC_BIND), the caller is bound already, and a thread inherits it.
        static void take_place([[maybe_unused]] std::size_t number) {
#if defined(__linux__)
            const int places = omp_get_num_places();
            if (places < 1 || omp_get_proc_bind() == omp_proc_bind_false) return;
            const int place = static_cast<int>((number + 1) % static_cast<std::size_t>(places));
            std::vector<int> processors(static_cast<std::size_t>(omp_get_place_num_procs(place)));
            omp_get_place_proc_ids(place, processors.data());
            cpu_set_t set;
            CPU_ZERO(&set);
            for (const int processor : processors) CPU_SET(static_cast<std::size_t>(processor), &set);
            pthread_setaffinity_np(pthread_self(), sizeof set, &set);
#endif
        }

        region& work_;
        const std::size_t number_;
        bell called_bell_;
        place place_;
        std::atomic<bool> called_{false}, ended_{false}, works_{false};
        walt::detail::thread thread_; // last: it uses the others
    };

    team() = default;
    ~team() {
        const bool forked = getpid() != process_;
        for (auto& one : workers_) {
            one->end(forked);
            if (forked) one.release(); // its semaphore may count a waiter that is not there
        }
    }
    /// Threads that the system refuses are done without.
    void grow(int to) {
        try {
            while (!refused_ && workers_.size() < static_cast<std::size_t>(to))
                workers_.push_back(std::make_unique<worker>(region_, workers_.size()));
        } catch (const error&) {
            refused_ = true;
        }
    }

    /// No two on one processor, as far as there are enough. (A fork's child has no helpers, but their names.)
    void spread(std::int64_t helpers) {
        if (getpid() != process_) return;
        taken_processors taken(this_processor());
        for (std::int64_t i = 0; i < helpers; ++i) workers_[static_cast<std::size_t>(i)]->keep_off(taken);
    }

    /// The caller's processor goes to one helper that another program holds up.
    void free_one(std::int64_t helpers) {
        for (std::int64_t i = 0; i < helpers; ++i)
            if (workers_[static_cast<std::size_t>(i)]->bring()) return;
    }

    region region_;
    std::vector<std::unique_ptr<worker>> workers_;
    bool refused_ = false;
    pid_t process_ = getpid();
};

} // namespace detail
} // namespace walt::cpu::inline WALT_INSTRUCTION_SET
