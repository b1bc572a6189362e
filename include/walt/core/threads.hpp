// Threads that wait for one another, of POSIX. (<thread>, <mutex> and <condition_variable> bring <chrono> and streams:
// a fifteenth of the time to include walt.hpp.)
#pragma once

#include "error.hpp"

#include <pthread.h>
#include <unistd.h>

#include <cstdint>
#include <type_traits>
#include <utility>

namespace walt::detail {

/// Processors of this machine.
inline std::int64_t processor_count() {
    const long count = ::sysconf(_SC_NPROCESSORS_ONLN);
    return count > 1 ? count : 1;
}

/// A thread; its end waits until it is done.
class thread {
  public:
    /// Runs work(of), a lambda without captures; `of` lives as long as the thread does. Throws walt::error where the
    /// system has no more threads. What work throws ends the program.
    template <class Of, class Work>
    requires std::is_empty_v<Work> thread(Of& of, Work) {
        const auto run = [](void* what) noexcept -> void* {
            Work{}(*static_cast<Of*>(what));
            return nullptr;
        };
        const int failed = ::pthread_create(&id_, nullptr, run, const_cast<std::remove_const_t<Of>*>(&of));
        require(failed == 0, "the system has no more threads (error {})", failed);
        runs_ = true;
    }
    thread(thread&& other) noexcept : id_(other.id_), runs_(std::exchange(other.runs_, false)) {}
    thread& operator=(thread&&) = delete;
    ~thread() { join(); }

    void join() {
        if (std::exchange(runs_, false)) ::pthread_join(id_, nullptr);
    }
    void detach() {
        if (std::exchange(runs_, false)) ::pthread_detach(id_);
    }
    pthread_t id() const { return id_; }

  private:
    pthread_t id_{};
    bool runs_ = false;
};

/// What one thread at a time may hold.
class mutex {
  public:
    mutex() = default;
    mutex(const mutex&) = delete;
    mutex& operator=(const mutex&) = delete;
    ~mutex() { ::pthread_mutex_destroy(&own_); }

  private:
    friend class lock;
    pthread_mutex_t own_ = PTHREAD_MUTEX_INITIALIZER;
};

/// Holds a mutex while it lives, but for the time between open and close.
class lock {
  public:
    explicit lock(mutex& of) : of_(of.own_) { close(); }
    lock(const lock&) = delete;
    lock& operator=(const lock&) = delete;
    ~lock() {
        if (closed_) open();
    }
    void open() {
        ::pthread_mutex_unlock(&of_);
        closed_ = false;
    }
    void close() {
        ::pthread_mutex_lock(&of_);
        closed_ = true;
    }

  private:
    friend class condition;
    pthread_mutex_t& of_;
    bool closed_ = false;
};

/// Something under a mutex that threads wait for, until another says that it may have changed.
class condition {
  public:
    condition() = default;
    condition(const condition&) = delete;
    condition& operator=(const condition&) = delete;
    ~condition() { ::pthread_cond_destroy(&own_); }

    /// Waits, the lock open, until holds().
    void wait(lock& inside, auto&& holds) {
        while (!holds()) ::pthread_cond_wait(&own_, &inside.of_);
    }
    void wake_one() { ::pthread_cond_signal(&own_); }
    void wake_all() { ::pthread_cond_broadcast(&own_); }

  private:
    pthread_cond_t own_ = PTHREAD_COND_INITIALIZER;
};

} // namespace walt::detail
