// A dataset of which some samples cannot be had: those are skipped, and others replace them.
#pragma once

#include "../core/error.hpp"
#include "dataset.hpp"
#include "replacing.hpp"

#include <algorithm>
#include <cstdint>
#include <memory>
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

    explicit skipping(D of) : of_(std::move(of)) {}

    std::int64_t size() const { return of_.size(); }
    int frames() const { return of_.frames(); }
    int height() const { return of_.height(); }
    int width() const { return of_.width(); }
    int channels() const { return channels_of(of_); }
    int classes() const { return classes_of(of_); }
    int numbers() const { return numbers_of(of_); }
    /// Samples that could not be had so far.
    std::int64_t skipped() const { return bad_->count(); }

    void read(walt::seed seed, std::int64_t index, clip& out) const {
        with(seed, index, out, [&](std::int64_t i, clip& one) { of_.read(seed, i, one); });
    }
    void read_frame(walt::seed seed, std::int64_t index, int frame, clip& out) const requires frame_dataset<D> {
        with(seed, index, out, [&](std::int64_t i, clip& one) { of_.read_frame(seed, i, frame, one); });
    }

  private:
    void with(walt::seed seed, std::int64_t index, clip& out, auto&& read_into) const {
        const std::int64_t most = std::min(size(), most_tried);
        clip one = out; // half of what throws stays nowhere
        bad_->with(
            size(), most, seed, index,
            [&](std::int64_t i) {
                read_into(i, one = out);
                out = std::move(one);
            },
            [](std::int64_t i) { return fmt::format("sample {}", i); },
            [&](const std::string& reason) {
                fail("of the {} samples of a dataset {} were tried, and none of them can be read: {}", size(), most,
                     reason);
            });
    }

    D of_;
    std::shared_ptr<detail::replacing> bad_ = std::make_shared<detail::replacing>();
};

} // namespace walt
