// Samples that cannot be had, and the others that replace them.
#pragma once

#include "../core/note.hpp"
#include "../core/philox.hpp"
#include "../core/threads.hpp"
#include "permutation.hpp"

#include <cstdint>
#include <exception>
#include <set>
#include <string>
#include <utility>

namespace walt::detail {

/// Which samples could not be had so far, from any number of threads.
class replacing {
  public:
    std::int64_t count() const {
        const lock inside(mutex_);
        return static_cast<std::int64_t>(bad_.size());
    }

    /// read(i) for `index`, or for one of up to `most` others of the `size` samples: drawn evenly, by the seed and the
    /// index, so that another one replaces it in every epoch. Whatever read throws marks a sample, which is called
    /// name(i) once on stderr and not read again. none(reason), which must throw, where all throw.
    template <class Read, class Name, class Nobody>
    void with(std::int64_t size, std::int64_t most, walt::seed seed, std::int64_t index, Read&& read, Name&& name,
              Nobody&& none) {
        const permutation others(size, seed.value ^ 0x6f74686572u, static_cast<std::uint64_t>(index));
        for (std::int64_t tried = -1; tried < most; ++tried) {
            const std::int64_t i = tried < 0 ? index : others(tried);
            if (contains(i)) continue;
            std::string reason;
            try {
                return read(i);
            } catch (const std::exception& what) {
                reason = what.what();
            } catch (...) {
                reason = "something was thrown that is no exception of the standard library";
            }
            if (add(i, reason)) note("skipping {}: {}", name(i), reason);
        }
        none(last_reason());
    }

  private:
    bool contains(std::int64_t i) const {
        const lock inside(mutex_);
        return bad_.contains(i);
    }
    bool add(std::int64_t i, const std::string& reason) {
        const lock inside(mutex_);
        last_reason_ = reason;
        return bad_.insert(i).second;
    }
    std::string last_reason() const {
        const lock inside(mutex_);
        return last_reason_;
    }

    mutable mutex mutex_;
    std::set<std::int64_t> bad_;
    std::string last_reason_;
};

} // namespace walt::detail
