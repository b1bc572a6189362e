// A folder of PNG and JPEG images as a dataset.
#pragma once

#include "../io/image.hpp"
#include "dataset.hpp"
#include "media_folder.hpp"
#include "resize.hpp"

#include <filesystem>
#include <vector>

namespace walt {

/// How image files become images.
struct image_reading {
    int height = 64, width = 64;
    bool random_crop = false; ///< which part of an image is kept is drawn from the seed; else the middle
};

/// Images scaled until they cover height x width and cropped to it. Captions and unreadable files: see media_folder.
class image_folder {
  public:
    using reading = image_reading;
    static constexpr media kind = media::image;

    explicit image_folder(const std::filesystem::path& folder, image_reading how = {})
        : image_folder(list_media(folder, kind), how) {}
    /// Of these files, which have their captions and labels.
    explicit image_folder(std::vector<media_file> files, image_reading how = {}) : how_(how), files_(std::move(files)) {
        require(how_.height > 0 && how_.width > 0,
                "an image folder needs a height and a width of 1 or more; they are {} and {}", how_.height, how_.width);
    }

    std::int64_t size() const { return files_.size(); }
    int frames() const { return 1; }
    int height() const { return how_.height; }
    int width() const { return how_.width; }
    std::int64_t unreadable() const { return files_.unreadable(); }

    void read(walt::seed seed, std::int64_t index, clip& out) const {
        files_.with(seed, index, [&](const media_file& file) {
            const video image = read_image(file.path);
            const philox numbers{seed.value, static_cast<std::uint64_t>(index)};
            const crop keep = how_.random_crop ? crop{numbers.uniform(0), numbers.uniform(1)} : crop{};
            resizer(image.height, image.width, how_.height, how_.width, keep)(image.rgb.data(), out.pixels.data());
            out.caption = file.caption;
            out.label = file.label;
        });
    }

  private:
    image_reading how_;
    media_folder files_;
};
static_assert(dataset<image_folder>);

} // namespace walt
