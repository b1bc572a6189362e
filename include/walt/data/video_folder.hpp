// A folder of video files as a dataset.
#pragma once

#include "../core/philox.hpp"
#include "../io/mp4.hpp"
#include "dataset.hpp"
#include "media_folder.hpp"
#include "resize.hpp"

namespace walt {

struct video_folder_options {
    int frames = 17, height = 64, width = 64;
    int stride = 1;           ///< every stride-th frame of a file is taken
    bool random_start = true; ///< where in its file a clip starts is drawn from the seed; else at the beginning
    bool random_crop = false; ///< which part of the frames is kept is drawn from the seed; else the middle
};

/// One clip of each file, scaled until it covers height x width and cropped to it. A file too short for a clip counts
/// as unreadable. Captions and unreadable files: see media_folder.
class video_folder {
  public:
    explicit video_folder(const std::filesystem::path& folder, video_folder_options options = {})
        : options_(options),
          files_(list_media(folder, {".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".gif", ".y4m"})) {
        for (const int extent : {options_.frames, options_.height, options_.width, options_.stride})
            require(extent > 0,
                    "a video folder needs frames, height, width and stride of 1 or more; they are {}, {}, {} and {}",
                    options_.frames, options_.height, options_.width, options_.stride);
    }

    std::int64_t size() const { return files_.size(); }
    int frames() const { return options_.frames; }
    int height() const { return options_.height; }
    int width() const { return options_.width; }
    std::int64_t unreadable() const { return files_.unreadable(); }

    void read(std::uint64_t seed, std::int64_t index, float* pixels, std::string& caption) const {
        files_.with(index, [&](const media_file& file) {
            const philox numbers{seed, static_cast<std::uint64_t>(index)};
            const video whole = read_video(file.path);
            const int spare = whole.frames - 1 - (options_.frames - 1) * options_.stride;
            require(spare >= 0, "the video '{}' has {} frames; a clip of {} with stride {} needs {}",
                    file.path.string(), whole.frames, options_.frames, options_.stride, whole.frames - spare);
            const int start =
                options_.random_start ? static_cast<int>(numbers.below(2, static_cast<std::uint32_t>(spare) + 1)) : 0;
            const crop keep = options_.random_crop ? crop{numbers.uniform(0), numbers.uniform(1)} : crop{};
            const resizer resize(whole.height, whole.width, options_.height, options_.width, keep);
            const std::size_t in = 3 * static_cast<std::size_t>(whole.height) * static_cast<std::size_t>(whole.width);
            const std::ptrdiff_t out = std::ptrdiff_t{3} * options_.height * options_.width;
            for (int f = 0; f < options_.frames; ++f)
                resize(whole.rgb.data() + in * static_cast<std::size_t>(start + f * options_.stride), pixels + f * out);
            caption = file.caption;
        });
    }

  private:
    video_folder_options options_;
    media_folder files_;
};
static_assert(dataset<video_folder>);

} // namespace walt
