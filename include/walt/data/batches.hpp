// Batches for joint training: videos and stacks of independent images, mixed at a fixed ratio (paper sec. 3.2).
#pragma once

#include "mixture.hpp"
#include "permutation.hpp"
#include "read_clips.hpp"

#include <algorithm>
#include <memory>

namespace walt {

/// How clips become batches.
struct mixing {
    int batch = 32;        ///< samples
    double image_rate = 0; ///< part of the samples that are stacks of images
    walt::seed seed{0};
};

/// Makes batch n as a pure function of n, so a run resumes by going on at its number, and several threads may make
/// batches at once. Within an epoch every video comes once, and so does every image; each epoch has another order.
/// Where images come from videos, an image is one frame of a clip drawn like any other. Owns its datasets: it keeps a
/// copy of what it is given, which its own copies share.
template <dataset Videos, dataset Images = Videos> class batches {
  public:
    explicit batches(Videos videos, mixing how = {}) requires std::same_as<Videos, Images>
        : batches(std::make_shared<const Videos>(std::move(videos)), nullptr, how) {}

    batches(Videos videos, Images images, mixing how = {})
        : batches(std::make_shared<const Videos>(std::move(videos)), std::make_shared<const Images>(std::move(images)),
                  how) {}

    /// For a run's state.
    void each_option(auto&& option) const {
        option("mixing::batch", mix_.batch(), ranges::count);
        option("mixing::image_rate", mix_.image_rate(), ranges::share);
        option("mixing::seed", seed_.value, ranges::not_negative);
    }
    /// Batch n, counted from 0.
    clips operator()(std::int64_t n) const {
        clips made = detail::room_for(
            {mix_.batch(), videos_->frames(), videos_->height(), videos_->width(), channels_of(*videos_)}, classes_,
            numbers_);
        for (std::int64_t b = 0; b < mix_.batch(); ++b) {
            const std::int64_t sample = n * mix_.batch() + b, stacks = mix_.stacks_before(sample);
            if (mix_.is_stack(sample)) {
                made.is_image[static_cast<std::size_t>(b)] = 1;
                for (std::int64_t f = 0; f < made.shape.frames; ++f)
                    detail::place(made, b, f, image(stacks * made.shape.frames + f));
            } else {
                detail::place(made, b, 0, video(sample - stacks));
            }
        }
        return made;
    }

  private:
    enum stream : std::uint64_t { video_order = 1, image_order = 2, image_frame = 3 };

    batches(std::shared_ptr<const Videos> videos, std::shared_ptr<const Images> images, mixing how)
        : videos_(std::move(videos)), images_(std::move(images)), mix_("mixing", how.batch, how.image_rate),
          seed_(how.seed) {
        if constexpr (std::same_as<Videos, Images>)
            if (images_ == nullptr) images_ = videos_;
        require(images_->height() == videos_->height() && images_->width() == videos_->width(),
                "images of {} x {} cannot be mixed with videos of {} x {}", images_->height(), images_->width(),
                videos_->height(), videos_->width());
        require(channels_of(*images_) == channels_of(*videos_),
                "images of {} channels cannot be mixed with videos of {}", channels_of(*images_),
                channels_of(*videos_));
        require(videos_->size() > 0 || how.image_rate == 1, "the dataset of videos is empty");
        require(images_->size() > 0 || how.image_rate == 0, "the dataset of images is empty");
        classes_ = of_both(classes_of(*videos_), classes_of(*images_), "classes");
        numbers_ = of_both(numbers_of(*videos_), numbers_of(*images_), "numbers a frame");
    }

    /// What both datasets have, or the one of them that has it.
    static int of_both(int videos, int images, const char* what) {
        require(videos == images || videos == 0 || images == 0, "images of {} {} cannot be mixed with videos of {}",
                images, what, videos);
        return std::max(videos, images);
    }

    struct drawn {
        walt::seed seed; // of the epoch: crops differ from epoch to epoch
        std::int64_t index;
    };
    drawn draw(std::int64_t number, std::int64_t size, stream order) const {
        const std::uint64_t seed = seed_.value + 0x9E3779B97F4A7C15u * static_cast<std::uint64_t>(number / size);
        return {{seed}, permutation(size, seed, order)(number % size)};
    }

    clip video(std::int64_t number) const {
        const drawn from = draw(number, videos_->size(), video_order);
        return clip_at(*videos_, from.seed, from.index);
    }
    clip image(std::int64_t number) const {
        const drawn from = draw(number, images_->size(), image_order);
        const std::uint32_t frame = philox{from.seed.value, image_frame}.below(
            static_cast<std::uint64_t>(from.index), static_cast<std::uint32_t>(images_->frames()));
        return frame_at(*images_, from.seed, from.index, static_cast<int>(frame));
    }

    std::shared_ptr<const Videos> videos_;
    std::shared_ptr<const Images> images_;
    mixture mix_;
    walt::seed seed_;
    int classes_ = 0, numbers_ = 0;
};

} // namespace walt
