// Ctrl-C, SIGTERM and SIGHUP stop a run in good order instead of ending the program.
#pragma once

#include "../core/threads.hpp"
#include "observer.hpp"

#include <array>
#include <atomic>
#include <csignal>
#include <cstddef>
#include <cstdint>

#include <time.h>

namespace walt {

namespace detail {
/// The signal that came while a run was running; 0: none. It stays until the first of other runs begins, if one of
/// those that it came to was told; where it came too late for their last word, it is the next run's.
inline std::atomic<int> interrupted = 0; // other threads' runs ask for it too
inline std::atomic<bool> interruption_told = false;

/// The handlers, for as long as any run is running, in whatever thread.
class signal_handlers {
  public:
    static void begin() {
        const lock inside(mutex());
        if (runs()++ > 0) return;
        if (interruption_told.exchange(false)) interrupted = 0, pressed_at = 0;
        for (std::size_t i = 0; i < caught.size(); ++i) {
            before()[i] = std::signal(caught[i], came);
            if (caught[i] == SIGHUP && before()[i] == SIG_IGN) std::signal(SIGHUP, SIG_IGN); // nohup's
        }
    }
    static void end() {
        const lock inside(mutex());
        if (--runs() > 0) return;
        for (std::size_t i = 0; i < caught.size(); ++i) std::signal(caught[i], before()[i]);
    }

  private:
    /// A Ctrl-C that follows another by a second or more does at once what it did before the handlers: it ends the
    /// program, or is the program's own. One that comes with the first is no wish: whoever started the program may pass
    /// it on to it.
    static void came(int which) {
        interrupted = which;
        if (which != SIGINT) return;
        ::timespec now{};
        ::clock_gettime(CLOCK_MONOTONIC, &now);
        const std::int64_t at = std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000 + 1; // 0: never
        if (pressed_at == 0) pressed_at = at;
        else if (at - pressed_at >= 1000) {
            if (const auto own = before()[0]; own == SIG_DFL) std::signal(SIGINT, own), std::raise(SIGINT);
            else if (own != SIG_IGN) own(SIGINT);
        }
    }
    inline static std::atomic<std::int64_t> pressed_at = 0; ///< milliseconds; the first Ctrl-C
    static_assert(std::atomic<std::int64_t>::is_always_lock_free && std::atomic<int>::is_always_lock_free,
                  "a signal's handler uses them");
    static constexpr std::array caught{SIGINT, SIGTERM, SIGHUP};
    static detail::mutex& mutex() {
        static detail::mutex one;
        return one;
    }
    static int& runs() {
        static int count = 0;
        return count;
    }
    static std::array<void (*)(int), caught.size()>& before() {
        static std::array<void (*)(int), caught.size()> handlers{};
        return handlers;
    }
};
} // namespace detail

/// An observer: a signal ends the run after the step that it comes in, and every other run of the program that has it.
/// One that comes before the first step or while observers end is told too: run() then says false. A second Ctrl-C, a
/// second or more after the first, ends the program at once.
struct interrupts {
    class watch {
      public:
        watch() { detail::signal_handlers::begin(); }
        ~watch() { detail::signal_handlers::end(); }
        watch(const watch&) = delete;
        watch& operator=(const watch&) = delete;
        verdict word(auto&) const {
            if (detail::interrupted == 0) return go_on;
            detail::interruption_told = true;
            return stop;
        }
    };
    watch begin(auto&) const { return {}; }
};

/// What a program returns whose run() was stopped: 128 and the signal's number, as shells say it (130 after Ctrl-C, 143
/// after SIGTERM); 0 where no signal came, but an observer's own word.
///     if (!trainer.run(...)) return walt::exit_status();
inline int exit_status() { return detail::interrupted != 0 ? 128 + static_cast<int>(detail::interrupted) : 0; }

} // namespace walt
