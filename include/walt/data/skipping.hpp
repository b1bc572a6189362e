// A dataset of which some samples cannot be had: those are skipped, and others replace them.
#pragma once

#include "../core/note.hpp"
#include "../core/threads.hpp"
#include "dataset.hpp"
#include "permutation.hpp"

#include <algorithm>
#include <cstdint>
#include <exception>
#include <memory>
#include <set>
#include <string>
#include <utility>

namespace walt {

/// batches(skipping(my_dataset), {...}): a sample whose reading throws, whatever it is, is named once on stderr,
/// counted, and replaced by others, evenly: by another one for every seed, so in every epoch. (image_folder and
/// video_folder do that of their own.) Copies share the count. Throws walt::error, with the last reason, where all of
/// `most_tried` others throw, or no sample is left.
template <dataset D> class skipping {
  public:
    /// A generated dataset may have 2^40 samples: one that always throws must come to an end.
    static constexpr std::int64_t most_tried = 10'000;

    explicit skipping(D of) : of_(std::move(of)), state_(std::make_shared<state>()) {}

    std::int64_t size() const { return of_.size(); }
    int frames() const { return of_.frames(); }
    int height() const { return of_.height(); }
    int width() const { return of_.width(); }
    int channels() const { return channels_of(of_); }
    int classes() const { return classes_of(of_); }
    int numbers() const { return numbers_of(of_); }
    /// Samples that could not be had so far.
    std::int64_t skipped() const {
        const detail::lock inside(state_->mutex);
        return static_cast<std::int64_t>(state_->bad.size());
    }

    void read(walt::seed seed, std::int64_t index, clip& out) const {
        with(seed, index, out, [&](std::int64_t i, clip& one) { of_.read(seed, i, one); });
    }
    void read_frame(walt::seed seed, std::int64_t index, int frame, clip& out) const requires frame_dataset<D> {
        with(seed, index, out, [&](std::int64_t i, clip& one) { of_.read_frame(seed, i, frame, one); });
    }

  private:
    struct state {
        mutable detail::mutex mutex;
        std::set<std::int64_t> bad;
        std::string reason; ///< of the last one
    };

    void with(walt::seed seed, std::int64_t index, clip& out, auto&& read_into) const {
        const permutation others(size(), seed.value ^ 0x6f74686572u, static_cast<std::uint64_t>(index));
        const std::int64_t most = std::min(size(), most_tried);
        for (std::int64_t tried = -1; tried < most; ++tried) {
            const std::int64_t i = tried < 0 ? index : others(tried);
            if (known_bad(i)) continue;
            clip one = out; // half of what throws stays nowhere
            std::string reason;
            try {
                read_into(i, one);
                out = std::move(one);
                return;
            } catch (const std::exception& what) {
                reason = what.what();
            } catch (...) {
                reason = "something was thrown that is no exception of the standard library";
            }
            const detail::lock inside(state_->mutex);
            if (state_->bad.insert(i).second) detail::note("skipping sample {}: {}", i, reason);
            state_->reason = std::move(reason);
        }
        const detail::lock inside(state_->mutex);
        fail("of the {} samples of a dataset {} were tried, and none of them can be read: {}", size(), most,
             state_->reason);
    }
    bool known_bad(std::int64_t i) const {
        const detail::lock inside(state_->mutex);
        return state_->bad.contains(i);
    }

    D of_;
    std::shared_ptr<state> state_;
};

} // namespace walt
