// A folder of PNG and JPEG images as a dataset.
#pragma once

#include "../core/philox.hpp"
#include "../io/jpeg.hpp"
#include "../io/png.hpp"
#include "dataset.hpp"
#include "media_folder.hpp"
#include "resize.hpp"

namespace walt {

struct image_folder_options {
    int height = 64, width = 64;
    bool random_crop = false; ///< which part of an image is kept is drawn from the seed; else the middle
};

/// Images scaled until they cover height x width and cropped to it. Captions and unreadable files: see media_folder.
class image_folder {
  public:
    explicit image_folder(const std::filesystem::path& folder, image_folder_options options = {})
        : options_(options), files_(list_media(folder, {".png", ".jpg", ".jpeg"})) {
        require(options_.height > 0 && options_.width > 0,
                "an image folder needs a height and a width of 1 or more; they are {} and {}", options_.height,
                options_.width);
    }

    std::int64_t size() const { return files_.size(); }
    int frames() const { return 1; }
    int height() const { return options_.height; }
    int width() const { return options_.width; }
    std::int64_t unreadable() const { return files_.unreadable(); }

    void read(std::uint64_t seed, std::int64_t index, float* pixels, std::string& caption) const {
        files_.with(index, [&](const media_file& file) {
            const video image = file.path.extension() == ".png" || file.path.extension() == ".PNG"
                                    ? read_png(file.path)
                                    : read_jpeg(file.path);
            const philox numbers{seed, static_cast<std::uint64_t>(index)};
            const crop keep = options_.random_crop ? crop{numbers.uniform(0), numbers.uniform(1)} : crop{};
            resizer(image.height, image.width, options_.height, options_.width, keep)(image.rgb.data(), pixels);
            caption = file.caption;
        });
    }

  private:
    image_folder_options options_;
    media_folder files_;
};
static_assert(dataset<image_folder>);

} // namespace walt
