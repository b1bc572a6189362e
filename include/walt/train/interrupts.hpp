// Ctrl-C and SIGTERM stop a run in good order instead of ending the program.
#pragma once

#include "observer.hpp"

#include <csignal>

namespace walt {

namespace detail {
inline volatile std::sig_atomic_t interrupted = 0;
}

/// An observer: a signal ends the run after the step that it comes in. One run at a time has it.
struct interrupts {
    class watch {
      public:
        watch() {
            detail::interrupted = 0;
            before_int_ = std::signal(SIGINT, [](int) { detail::interrupted = 1; });
            before_term_ = std::signal(SIGTERM, [](int) { detail::interrupted = 1; });
        }
        ~watch() {
            std::signal(SIGINT, before_int_);
            std::signal(SIGTERM, before_term_);
        }
        watch(const watch&) = delete;
        watch& operator=(const watch&) = delete;
        verdict after_step(auto&) const { return detail::interrupted ? stop : go_on; }

      private:
        void (*before_int_)(int);
        void (*before_term_)(int);
    };
    watch begin(auto&) const { return {}; }
};

} // namespace walt
