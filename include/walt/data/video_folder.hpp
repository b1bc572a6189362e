// A folder of video files as a dataset.
#pragma once

#include "../core/range.hpp"
#include "../io/mp4.hpp"
#include "dataset.hpp"
#include "media_folder.hpp"
#include "resize.hpp"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

namespace walt {

/// How video files become clips.
struct clip_reading {
    int frames = 17, height = 64, width = 64;
    int stride = 1;             ///< every stride-th frame of a file is taken
    double rate = 0;            ///< frames a second before that: each is the one shown at its time; 0: all of the file
    int clips = 1;              ///< of each file, beginning in as many parts of it one after another
    double from = 0, until = 1; ///< the part of a file that clips lie in: 0 to 0.8 trains, 0.8 to 1 is held out
    bool random_start = true; ///< where in its file a clip starts is drawn from the seed; else at the part's beginning
    bool random_crop = false; ///< which part of the frames is kept is drawn from the seed; else the middle
};

/// Clips of each file, scaled until they cover height x width and cropped to it; clip i is of file i / clips. Frames
/// are as players show them (turned upright, square pixels, over black). Only what comes before a clip and the clip
/// itself are decoded, frame by frame, so that memory has to do with the clip and not with the file. A file that is
/// spoilt has the frames before; one too short for a clip counts as unreadable. Captions and unreadable files: see
/// media_folder.
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
        check_option("clip_reading::rate", how_.rate, {0, 1000});
        check_option("clip_reading::clips", how_.clips, ranges::count);
        require(how_.from >= 0 && how_.from < how_.until && how_.until <= 1,
                "the part of a file that clips lie in is 0 <= from < until <= 1; it is {} to {}", how_.from,
                how_.until);
    }

    std::int64_t size() const { return files_.size() * how_.clips; }
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
        files_.with(seed, index / how_.clips, [&](const media_file& file) {
            const philox numbers{seed.value, static_cast<std::uint64_t>(index)};
            const std::int64_t needed = std::int64_t{how_.frames - 1} * how_.stride + 1;
            const auto start_in = [&](std::int64_t length) {
                const auto begin = static_cast<std::int64_t>(how_.from * static_cast<double>(length));
                const auto there = static_cast<std::int64_t>(how_.until * static_cast<double>(length)) - begin;
                require(there >= needed,
                        "the video '{}' has {} frames from {} to {} of it; a clip of {} with stride {} needs {}",
                        file.path.string(), there, how_.from, how_.until, how_.frames, how_.stride, needed);
                const std::int64_t part = index % how_.clips, starts = there - needed + 1;
                const std::int64_t least = part * starts / how_.clips,
                                   some = std::max<std::int64_t>(1, (part + 1) * starts / how_.clips - least);
                return begin + least + (how_.random_start ? numbers.below(2, static_cast<std::uint32_t>(some)) : 0);
            };
            const crop keep = how_.random_crop ? crop{numbers.uniform(0), numbers.uniform(1)} : crop{};
            const std::ptrdiff_t size = std::ptrdiff_t{3} * how_.height * how_.width;
            const auto read_from = [&](std::int64_t start) {
                std::optional<resizer> resize;
                int f = 0;
                return each_frame(file.path, start + std::int64_t{frame} * how_.stride, count, how_.stride, how_.rate,
                                  [&](const std::vector<std::uint8_t>& rgb, int height, int width) {
                                      if (!resize) resize.emplace(height, width, how_.height, how_.width, keep);
                                      (*resize)(rgb.data(), out.pixels.data() + size * f++);
                                  });
            };
            if (read_from(start_in(length_of(file))) < count) { // packets without a frame, or a spoilt end
                length_of(file) = count_frames(file.path, how_.rate);
                const int came = read_from(start_in(length_of(file)));
                require(came == count, "the video '{}' changed while it was read: {} of {} frames came",
                        file.path.string(), came, count);
            }
            out.caption = file.caption;
            out.label = file.label;
        });
    }

    /// Frames of a file, once: by its packets, until reading shows that there are others.
    std::atomic<std::int64_t>& length_of(const media_file& file) const {
        std::atomic<std::int64_t>& known = (*lengths_)[static_cast<std::size_t>(&file - &files_.file(0))];
        if (known == 0) known = detail::av::reader(file.path, how_.rate).packets();
        return known;
    }

    clip_reading how_;
    media_folder files_;
    std::shared_ptr<std::vector<std::atomic<std::int64_t>>> lengths_; // 0: not known yet
};
static_assert(frame_dataset<video_folder>);

} // namespace walt
