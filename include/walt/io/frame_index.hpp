// Where the frames of a video file lie, as its packets say without being decoded.
#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <limits>
#include <vector>

namespace walt::detail::av {

/// How many frames a file has and from which of them on it can be decoded. Frames that its packets announce may turn
/// out not to be there.
struct frame_index {
    /// A frame that needs no other: its number, its time, and where to seek it, in the stream's units.
    struct key {
        std::int64_t frame, time, sought;
    };
    std::int64_t frames = 0; ///< at the reader's rate
    std::int64_t begin = 0;  ///< the first one's time
    std::vector<key> keys{}; ///< in order; none where the file's packets do not say enough

    /// The last key frame that is not behind what `frame_is_behind` says no to; null: the file's beginning.
    template <class Behind> const key* before(Behind&& is_behind) const {
        const auto found = std::partition_point(keys.begin(), keys.end(), [&](const key& k) { return !is_behind(k); });
        return found == keys.begin() ? nullptr : &*std::prev(found);
    }
};

/// What packets say, one after another; then the index.
class packet_times {
  public:
    static constexpr std::int64_t unknown = std::numeric_limits<std::int64_t>::min(); // FFmpeg's AV_NOPTS_VALUE

    void add(std::int64_t shown, std::int64_t decoded, std::int64_t duration, bool key) {
        ++count_;
        whole_ = whole_ && shown != unknown;
        if (shown == unknown) return;
        const auto begins = static_cast<double>(shown); // what a file says may be any number
        last_ = std::max(last_, begins);
        end_ = std::max(end_, begins + std::max(0.0, static_cast<double>(duration)));
        times_.push_back(shown);
        if (key) keys_.push_back({0, shown, decoded == unknown ? shown : std::min(shown, decoded)});
    }

    /// seconds: of the stream's unit; rate: frames a second, 0 for all of the file; usual: seconds of a frame that says
    /// no duration.
    frame_index index(double seconds, double rate, double usual) {
        std::sort(times_.begin(), times_.end());
        const bool distinct = std::adjacent_find(times_.begin(), times_.end()) == times_.end();
        frame_index made{count_, times_.empty() ? 0 : times_.front(), {}};
        if (rate > 0 && count_ > 0) {
            double lasts = static_cast<double>(count_) * usual;
            if (!times_.empty()) { // where some have none, the last may be among these
                const double said = (end_ - static_cast<double>(made.begin)) * seconds + (end_ > last_ ? 0 : usual);
                lasts = whole_ ? said : std::max(said, lasts);
            }
            made.frames = 1 + static_cast<std::int64_t>(std::clamp(lasts * rate - 1e-6, 0.0, 1e9));
        }
        if (!whole_ || !distinct) return made;
        std::sort(keys_.begin(), keys_.end(), [](const auto& a, const auto& b) { return a.time < b.time; });
        for (frame_index::key& one : keys_) {
            one.frame = std::lower_bound(times_.begin(), times_.end(), one.time) - times_.begin();
            if (one.frame - (made.keys.empty() ? 0 : made.keys.back().frame) >= apart) made.keys.push_back(one);
        }
        return made;
    }

  private:
    static constexpr std::int64_t apart = 8; ///< least frames from a key frame to the next that is kept
    std::int64_t count_ = 0;
    double last_ = -std::numeric_limits<double>::max(), end_ = last_;
    bool whole_ = true;
    std::vector<std::int64_t> times_;
    std::vector<frame_index::key> keys_;
};

} // namespace walt::detail::av
