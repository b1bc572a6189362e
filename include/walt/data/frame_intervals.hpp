// Which frames of a file were decoded one after another.
#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <map>

namespace walt::detail {

/// Intervals first .. end - 1 of frames, each of which was decoded without a break.
class frame_intervals {
  public:
    /// Becomes one interval with those that it shares a frame with. It does not with one that begins where it ends: a
    /// spoilt place may lie between them.
    void add(std::int64_t first, std::int64_t end) {
        auto at = ends_.upper_bound(first);
        if (at != ends_.begin() && std::prev(at)->second > first) --at;
        while (at != ends_.end() && at->first < end) {
            first = std::min(first, at->first), end = std::max(end, at->second);
            at = ends_.erase(at);
        }
        ends_[first] = end;
    }
    /// Whether one interval has all of first .. end - 1.
    bool cover(std::int64_t first, std::int64_t end) const {
        const auto behind = ends_.upper_bound(first);
        return behind != ends_.begin() && std::prev(behind)->second >= end;
    }

  private:
    std::map<std::int64_t, std::int64_t> ends_; // by the first frame; no two share a frame
};

} // namespace walt::detail
