// Batches for joint training: videos and stacks of independent images, mixed at a fixed ratio (paper sec. 3.2).
#pragma once

#include "clips.hpp"
#include "dataset.hpp"
#include "permutation.hpp"

#include <algorithm>

namespace walt {

struct mixing {
    int batch = 32;
    double image_rate =
        0; ///< part of the samples that are stacks of images, exact over any run of samples to within one
    std::uint64_t seed = 0;
};

/// Makes batch n as a pure function of n, so a run resumes by going on at its number, and several threads may make
/// batches at once. Within an epoch every video comes once, and so does every image; each epoch has another order.
/// Where images come from videos, an image is one frame of a clip drawn like any other. Keeps references to the data.
template <dataset Videos, dataset Images = Videos> class batches {
  public:
    explicit batches(const Videos& videos, mixing how = {}) requires std::same_as<Videos, Images>
        : batches(videos, videos, how) {}

    batches(const Videos& videos, const Images& images, mixing how = {})
        : videos_(&videos), images_(&images), how_(how) {
        require(how.batch > 0, "a batch needs at least one sample; {} were asked for", how.batch);
        require(how.image_rate >= 0 && how.image_rate <= 1,
                "mixing::image_rate is a part of all samples, 0 to 1; it is {}", how.image_rate);
        require(images.height() == videos.height() && images.width() == videos.width(),
                "images of {} x {} cannot be mixed with videos of {} x {}", images.height(), images.width(),
                videos.height(), videos.width());
        require(videos.size() > 0 || how.image_rate == 1, "the dataset of videos is empty");
        require(images.size() > 0 || how.image_rate == 0, "the dataset of images is empty");
    }

    /// Batch n, counted from 0.
    clips operator()(std::int64_t n) const {
        clips made;
        made.shape = {how_.batch, videos_->frames(), videos_->height(), videos_->width()};
        const std::int64_t frames = made.shape.frames, frame = made.shape.frame();
        made.pixels.resize(static_cast<std::size_t>(made.shape.size()));
        made.is_image.resize(static_cast<std::size_t>(how_.batch));
        made.captions.resize(static_cast<std::size_t>(how_.batch),
                             std::vector<std::string>(static_cast<std::size_t>(frames)));
        float* pixels = made.pixels.data();
        for (std::size_t b = 0; b < made.is_image.size(); ++b, pixels += made.shape.sample()) {
            const std::int64_t sample = n * how_.batch + static_cast<std::int64_t>(b), stacks = stacks_before(sample);
            auto& captions = made.captions[b];
            if (stacks_before(sample + 1) == stacks) {
                video(sample - stacks, pixels, captions.front());
                std::fill(captions.begin() + 1, captions.end(), captions.front());
            } else {
                made.is_image[b] = 1;
                for (std::int64_t f = 0; f < frames; ++f)
                    image(stacks * frames + f, pixels + f * frame, captions[static_cast<std::size_t>(f)]);
            }
        }
        return made;
    }

  private:
    enum stream : std::uint64_t { video_order = 1, image_order = 2, image_frame = 3 };

    /// Stacks of images among the first samples: spread evenly, and known without counting.
    std::int64_t stacks_before(std::int64_t samples) const {
        return static_cast<std::int64_t>(static_cast<double>(samples) * how_.image_rate);
    }

    struct place {
        std::uint64_t seed; // of the epoch: crops differ from epoch to epoch
        std::int64_t index;
    };
    place at(std::int64_t number, std::int64_t size, stream order) const {
        const std::uint64_t seed = how_.seed + 0x9E3779B97F4A7C15u * static_cast<std::uint64_t>(number / size);
        return {seed, permutation(size, seed, order)(number % size)};
    }

    void video(std::int64_t number, float* pixels, std::string& caption) const {
        const place from = at(number, videos_->size(), video_order);
        videos_->read(from.seed, from.index, pixels, caption);
    }

    void image(std::int64_t number, float* pixels, std::string& caption) const {
        const place from = at(number, images_->size(), image_order);
        const auto drawn = philox{from.seed, image_frame}.below(static_cast<std::uint64_t>(from.index),
                                                                static_cast<std::uint32_t>(images_->frames()));
        const int frame = static_cast<int>(drawn);
        if constexpr (frame_dataset<Images>) {
            images_->read_frame(from.seed, from.index, frame, pixels, caption);
        } else if (images_->frames() == 1) {
            images_->read(from.seed, from.index, pixels, caption);
        } else {
            clip whole = clip_at(*images_, from.seed, from.index);
            const std::int64_t size = static_cast<std::int64_t>(whole.pixels.size()) / images_->frames();
            std::copy_n(whole.pixels.data() + frame * size, size, pixels);
            caption = std::move(whole.caption);
        }
    }

    const Videos* videos_;
    const Images* images_;
    mixing how_;
};

} // namespace walt
