// A PNG or a JPEG, resized.
#include "file_of.hpp"

#include <walt/data/resize.hpp>
#include <walt/io/image.hpp>

void test(std::span<const std::uint8_t> bytes) {
    const auto path = fuzz::file_of(bytes);
    fuzz::may_refuse([&] {
        const walt::video image = walt::read_image(path);
        fuzz::holds(image.complete() && image.frames == 1);
        std::vector<float> out(3 * 8 * 8);
        walt::resizer(image.height, image.width, 8, 8)(image.rgb.data(), out.data());
    });
}
