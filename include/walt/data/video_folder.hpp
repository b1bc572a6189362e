// A folder of video files as a dataset.
#pragma once

#include "../io/mp4.hpp"
#include "dataset.hpp"
#include "media_folder.hpp"
#include "resize.hpp"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <memory>
#include <vector>

namespace walt {

/// How video files become clips.
struct clip_reading {
    int frames = 17, height = 64, width = 64;
    int stride = 1;             ///< every stride-th frame of a file is taken
    double from = 0, until = 1; ///< the part of a file that clips lie in: 0 to 0.8 trains, 0.8 to 1 is held out
    bool random_start = true; ///< where in its file a clip starts is drawn from the seed; else at the part's beginning
    bool random_crop = false; ///< which part of the frames is kept is drawn from the seed; else the middle
};

/// One clip of each file, scaled until it covers height x width and cropped to it. Only what comes before a clip and
/// the clip itself are decoded, and only its frames are kept. A file too short for a clip counts as unreadable.
/// Captions and unreadable files: see media_folder.
class video_folder {
  public:
    using reading = clip_reading;
    static constexpr media kind = media::video;

    explicit video_folder(const std::filesystem::path& folder, clip_reading how = {})
        : video_folder(list_media(folder, kind), how) {}
    /// Of these files, which have their captions and labels.
    explicit video_folder(std::vector<media_file> files, clip_reading how = {})
        : how_(how), files_(std::move(files)),
          lengths_(std::make_shared<std::vector<std::atomic<std::int64_t>>>(static_cast<std::size_t>(files_.size()))) {
        for (const int extent : {how_.frames, how_.height, how_.width, how_.stride})
            require(extent > 0,
                    "a video folder needs frames, height, width and stride of 1 or more; they are {}, {}, {} and {}",
                    how_.frames, how_.height, how_.width, how_.stride);
        require(how_.from >= 0 && how_.from < how_.until && how_.until <= 1,
                "the part of a file that clips lie in is 0 <= from < until <= 1; it is {} to {}", how_.from,
                how_.until);
    }

    std::int64_t size() const { return files_.size(); }
    int frames() const { return how_.frames; }
    int height() const { return how_.height; }
    int width() const { return how_.width; }
    std::int64_t unreadable() const { return files_.unreadable(); }

    void read(walt::seed seed, std::int64_t index, clip& out) const { read_frames(seed, index, 0, how_.frames, out); }

    /// One frame of that clip as an image.
    void read_frame(walt::seed seed, std::int64_t index, int frame, clip& out) const {
        read_frames(seed, index, frame, 1, out);
    }

  private:
    void read_frames(walt::seed seed, std::int64_t index, int frame, int count, clip& out) const {
        files_.with(index, [&](const media_file& file) {
            const philox numbers{seed.value, static_cast<std::uint64_t>(index)};
            const std::int64_t needed = std::int64_t{how_.frames - 1} * how_.stride + 1;
            const auto begin = [&](std::int64_t length) {
                return static_cast<std::int64_t>(how_.from * static_cast<double>(length));
            };
            const auto spare = [&](std::int64_t length) {
                const auto there = static_cast<std::int64_t>(how_.until * static_cast<double>(length)) - begin(length);
                require(there >= needed,
                        "the video '{}' has {} frames from {} to {} of it; a clip of {} with stride {} needs {}",
                        file.path.string(), there, how_.from, how_.until, how_.frames, how_.stride, needed);
                return there - needed;
            };
            const auto part_from = [&](std::int64_t start) {
                return read_up_to(file.path, start + std::int64_t{frame} * how_.stride, count, how_.stride);
            };
            const std::int64_t length = length_of(file);
            const auto room = static_cast<std::uint32_t>(spare(length) + 1);
            const std::int64_t start = how_.random_start ? numbers.below(2, room) : 0;
            video part = part_from(begin(length) + start);
            if (part.frames < count) { // the file has fewer frames than packets
                const std::int64_t counted = count_frames(file.path);
                part = part_from(begin(counted) + std::min(start, spare(counted)));
            }
            const crop keep = how_.random_crop ? crop{numbers.uniform(0), numbers.uniform(1)} : crop{};
            const resizer resize(part.height, part.width, how_.height, how_.width, keep);
            const std::ptrdiff_t size = std::ptrdiff_t{3} * how_.height * how_.width;
            for (int f = 0; f < count; ++f) resize(part.frame(f), out.pixels.data() + f * size);
            out.caption = file.caption;
            out.label = file.label;
        });
    }

    /// Frames of a file by its packets, counted once.
    std::int64_t length_of(const media_file& file) const {
        std::atomic<std::int64_t>& known = (*lengths_)[static_cast<std::size_t>(&file - &files_.file(0))];
        if (known == 0) known = probe(file.path).frames;
        return known;
    }

    clip_reading how_;
    media_folder files_;
    std::shared_ptr<std::vector<std::atomic<std::int64_t>>> lengths_; // 0: not counted yet
};
static_assert(frame_dataset<video_folder>);

} // namespace walt
