// Clips one at a time: what measures of any number of them read.
#pragma once

#include "../data/permutation.hpp"
#include "../data/read_clips.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

namespace walt {

/// So many clips, made or read as they are asked for, and where they are from.
struct clip_source {
    std::string name;       ///< for the provenance: a folder's name, "moving fashion, test pictures"
    std::uint64_t seed = 0; ///< by which clips were drawn
    std::int64_t count = 0;
    std::function<clips(std::int64_t)>
        clip; ///< number i, 0 to count - 1: a batch of one, the same whenever it is asked

    /// The part-th of so many equal parts, which follow each other; what is left over is in none.
    clip_source part(std::int64_t part, std::int64_t parts) const {
        require(parts >= 1 && part >= 0 && part < parts && count >= parts,
                "{} clips of {} cannot be taken apart in {}, of which part {} is asked for", count, name, parts, part);
        const std::int64_t each = count / parts;
        return {name, seed, each, [all = clip, first = part * each](std::int64_t i) { return all(first + i); }};
    }
};

/// So many clips of a dataset, drawn by the seed without replacement; all of them where it has no more.
template <dataset D> clip_source clips_of(D data, walt::seed from, std::int64_t count, std::string name) {
    const permutation order(data.size(), from.value, 0);
    return {std::move(name), from.value, std::min(count, data.size()),
            [data = std::move(data), from, order](std::int64_t i) { return read_clips(data, from, order(i), 1); }};
}

} // namespace walt
