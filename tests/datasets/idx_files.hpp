// IDX files for tests, and a small Fashion-MNIST made of them: simple shapes of ten kinds.
#pragma once

#include "temporary_folder.hpp"

#include <cstdint>
#include <initializer_list>
#include <string>

#include <zlib.h>

inline std::string idx_header(int type, std::initializer_list<std::uint32_t> extents) {
    std::string head{'\0', '\0', static_cast<char>(type), static_cast<char>(extents.size())};
    for (const std::uint32_t extent : extents)
        for (int shift = 24; shift >= 0; shift -= 8) head += static_cast<char>(extent >> shift);
    return head;
}

inline std::filesystem::path write_gzip(const temporary_folder& in, const std::string& name, const std::string& bytes) {
    const std::filesystem::path path = in.path / name;
    const gzFile file = gzopen(path.c_str(), "wb");
    if (file == nullptr || (!bytes.empty() && gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size())) <= 0) ||
        gzclose(file) != Z_OK)
        throw std::runtime_error("cannot write " + path.string());
    return path;
}

/// 30 pictures, three of each kind: upright boxes, wider from kind to kind, symmetric about the middle.
inline void write_small_fashion_mnist(const temporary_folder& in) {
    for (const std::string part : {"train", "t10k"}) {
        std::string pictures = idx_header(8, {30, 28, 28}), labels = idx_header(8, {30});
        for (int i = 0; i < 30; ++i) {
            labels += static_cast<char>(i % 10);
            for (int y = 0; y < 28; ++y)
                for (int x = 0; x < 28; ++x) {
                    const bool inside = y >= 4 && y < 24 && x >= 10 - i % 10 && x < 18 + i % 10;
                    pictures += static_cast<char>(inside ? 200 + i + 2 * (y % 3) : 0);
                }
        }
        write_gzip(in, part + "-images-idx3-ubyte.gz", pictures);
        write_gzip(in, part + "-labels-idx1-ubyte.gz", labels);
    }
}
