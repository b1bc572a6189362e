// Clips of half the height and width: the low-resolution side of super-resolution's training pairs.
#pragma once

#include "dataset.hpp"

#include <utility>

namespace walt {

/// The same clips, each pixel the mean of 2 x 2 (docs/model.md 16): [B, F, H, W, C] becomes [B, F, H/2, W/2, C]. Where
/// pixels are missing, the mean is over those that are there; one of which all four are missing is missing.
inline clips halved(const clips& from) {
    from.check();
    const video_shape& full = from.shape;
    require(full.height % 2 == 0 && full.width % 2 == 0,
            "frames of {} x {} pixels have no half: height and width must be even", full.height, full.width);
    clips made = from;
    made.shape.height = full.height / 2, made.shape.width = full.width / 2;
    made.pixels.assign(static_cast<std::size_t>(made.shape.size()), 0.0f);
    const std::int64_t rows = full.count * full.frames * made.shape.height, C = full.channels;
    if (!from.present.empty()) made.present.assign(static_cast<std::size_t>(rows * made.shape.width), 0);
    for (std::int64_t row = 0; row < rows; ++row)
        for (std::int64_t x = 0; x < made.shape.width; ++x) {
            const std::int64_t first = 2 * row * full.width + 2 * x, to = row * made.shape.width + x;
            float* const mean = made.pixels.data() + to * C;
            int there = 0;
            for (const std::int64_t at : {first, first + 1, first + full.width, first + full.width + 1}) {
                if (!from.present.empty() && from.present[static_cast<std::size_t>(at)] == 0) continue;
                ++there;
                for (std::int64_t c = 0; c < C; ++c) mean[c] += from.pixels[static_cast<std::size_t>(at * C + c)];
            }
            if (there == 0) continue;
            for (std::int64_t c = 0; c < C; ++c) mean[c] /= static_cast<float>(there);
            if (!made.present.empty()) made.present[static_cast<std::size_t>(to)] = 1;
        }
    return made;
}

/// A dataset's clips, halved: the same indices, captions, labels and numbers.
template <dataset Data> class halved_dataset {
  public:
    explicit halved_dataset(Data full) : full_(std::move(full)) {}

    std::int64_t size() const { return full_.size(); }
    int frames() const { return full_.frames(); }
    int height() const { return full_.height() / 2; }
    int width() const { return full_.width() / 2; }
    int channels() const { return channels_of(full_); }
    int classes() const { return classes_of(full_); }
    int numbers() const { return numbers_of(full_); }

    void read(walt::seed seed, std::int64_t index, clip& out) const {
        put(clip_at(full_, seed, index), full_.frames(), out);
    }
    void read_frame(walt::seed seed, std::int64_t index, int frame, clip& out) const requires frame_dataset<Data> {
        put(frame_at(full_, seed, index, frame), 1, out);
    }

  private:
    void put(clip one, int of_frames, clip& out) const {
        clips whole;
        whole.shape = {1, of_frames, full_.height(), full_.width(), channels_of(full_)};
        whole.pixels.swap(one.pixels);
        whole.present.swap(one.present);
        clips half = halved(whole);
        one.pixels.swap(half.pixels);
        one.present.swap(half.present);
        out = std::move(one);
    }

    Data full_;
};
/// halved(halved(data)) has a quarter of the height and width.
template <dataset Data> halved_dataset<Data> halved(Data full) { return halved_dataset<Data>(std::move(full)); }

} // namespace walt
