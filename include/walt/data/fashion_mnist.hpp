// Fashion-MNIST: 28 x 28 grey pictures of ten kinds of clothes.
#pragma once

#include "../io/folders.hpp"
#include "idx.hpp"

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

namespace walt {

/// The two parts of Fashion-MNIST: 60000 pictures to train on, 10000 to test on.
enum class fashion_part { train, test };

/// Pictures with their kinds. Clothes are light on a black ground.
struct fashion_mnist {
    static constexpr int kinds = 10, side = 28;
    std::vector<std::uint8_t> grey; ///< [count, 28, 28]
    std::vector<std::uint8_t> item; ///< [count], 0 to 9

    std::int64_t count() const { return static_cast<std::int64_t>(item.size()); }
    const std::uint8_t* picture(std::int64_t i) const { return grey.data() + i * side * side; }
};

/// The folder of the four files: the argument, else the environment variable WALT_FASHION_MNIST, else where Debian's
/// package puts it. Throws walt::error where there is no such folder.
inline std::filesystem::path fashion_mnist_folder(const std::filesystem::path& given = {}) {
    const char* const named = std::getenv("WALT_FASHION_MNIST");
    const std::filesystem::path folder = !given.empty()    ? given
                                         : named && *named ? named
                                                           : "/usr/share/datasets/fashion-mnist";
    require(is_folder(folder),
            "Fashion-MNIST is not in '{}': install it with 'apt-get install dataset-fashion-mnist', or name its folder "
            "in WALT_FASHION_MNIST",
            folder.string());
    return folder;
}

/// Reads one part. Throws walt::error where a file is missing or damaged or the two files do not belong together.
inline fashion_mnist read_fashion_mnist(fashion_part part, const std::filesystem::path& folder = {}) {
    const std::filesystem::path in = fashion_mnist_folder(folder);
    const std::string stem = part == fashion_part::train ? "train" : "t10k";
    const std::filesystem::path pictures = in / (stem + "-images-idx3-ubyte.gz"),
                                labels = in / (stem + "-labels-idx1-ubyte.gz");
    idx_array grey = read_idx(pictures, 3), item = read_idx(labels, 1);
    require(grey.extents[1] == fashion_mnist::side && grey.extents[2] == fashion_mnist::side,
            "'{}' should hold pictures of 28 x 28 pixels; they have {} x {}", pictures.string(), grey.extents[1],
            grey.extents[2]);
    require(grey.extents[0] == item.extents[0], "'{}' has {} pictures, but '{}' has {} labels", pictures.string(),
            grey.extents[0], labels.string(), item.extents[0]);
    for (const std::uint8_t kind : item.values)
        require(kind < fashion_mnist::kinds, "'{}' has the label {}; labels are 0 to 9", labels.string(), int{kind});
    return {std::move(grey.values), std::move(item.values)};
}

} // namespace walt
