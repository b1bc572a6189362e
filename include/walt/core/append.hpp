// What is put behind the end of a vector.
#pragma once

#include <cstddef>
#include <vector>

namespace walt::detail {

/// Elements first .. first + count - 1 of `from` behind the end of `to`. (A vector's own insert, for any place and any
/// iterators, takes four times as long to compile for each type.)
template <class T, class U>
void append(std::vector<T>& to, const std::vector<U>& from, std::ptrdiff_t first, std::ptrdiff_t count) {
    const std::size_t before = to.size(), some = static_cast<std::size_t>(count);
    to.resize(before + some);
    for (std::size_t i = 0; i < some; ++i) to[before + i] = from[static_cast<std::size_t>(first) + i];
}
/// All elements of `from`.
template <class T, class U> void append(std::vector<T>& to, const std::vector<U>& from) {
    append(to, from, 0, static_cast<std::ptrdiff_t>(from.size()));
}

} // namespace walt::detail
