// The things used last: a cache of plans, primitives or records that cannot grow without end.
#pragma once

#include "error.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <utility>

namespace walt {

/// At most `most` values by key (ordered by <). When one more is kept, the one that was not asked for the longest goes.
/// Looking a value up allocates nothing; references are valid until their value goes.
template <class Key, class Value> class recent {
  public:
    explicit recent(std::size_t most) : most_(most) {
        require(most > 0, "a cache keeps 1 value or more, not {}", most);
    }

    /// The value of `key`, or null.
    Value* find(const Key& key) {
        const auto found = entries_.find(key);
        if (found == entries_.end()) return nullptr;
        found->second.used = ++uses_;
        return &found->second.value;
    }
    /// The value of `key`; where there is none, make() is kept. If make() throws, all is as it was.
    template <class Make> Value& get(const Key& key, Make&& make) {
        if (Value* const known = find(key)) return *known;
        return keep(key, make());
    }
    /// Keeps a value that `key` did not have.
    Value& keep(const Key& key, Value value) {
        if (entries_.size() >= most_) // what made the value took far longer than this search
            entries_.erase(std::min_element(entries_.begin(), entries_.end(), [](const auto& a, const auto& b) {
                return a.second.used < b.second.used;
            }));
        return entries_.insert({key, entry{std::move(value), ++uses_}}).first->second.value;
    }

    void forget(const Key& key) { entries_.erase(key); }
    void clear() { entries_.clear(); }
    std::size_t size() const { return entries_.size(); }
    std::size_t most() const { return most_; }

  private:
    struct entry {
        Value value;
        std::uint64_t used; ///< the number of the use
    };
    std::size_t most_;
    std::uint64_t uses_ = 0;
    std::map<Key, entry> entries_;
};

} // namespace walt
