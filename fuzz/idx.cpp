// An array of bytes, gzipped or plain.
#include "file_of.hpp"

#include <walt/data/idx.hpp>

void test(std::span<const std::uint8_t> bytes) {
    const auto path = fuzz::file_of(bytes);
    for (const int rank : {1, 3})
        fuzz::may_refuse(
            [&] { fuzz::holds(walt::read_idx(path, rank).extents.size() == static_cast<std::size_t>(rank)); });
}
