// Where a measure comes from: what two sets of features must have in common to be compared, and what a file of saved
// ones says of itself.
#pragma once

#include "../core/error.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

namespace walt {

/// Whose features, of which clips.
struct provenance {
    std::string network{};   ///< by its name, with what its features are: "I3D Kinetics-400 logits", "item features"
    std::string weights{};   ///< hash of the network's weights (io/file_hash.hpp)
    std::string resize{};    ///< how frames come to the network's size: "none", "224 x 224, TensorFlow 1's bilinear"
    std::int64_t frames = 0; ///< of a clip
    std::int64_t clips = 0;
    std::uint64_t seed = 0; ///< by which clips were drawn of the source
    std::string source{};   ///< where the clips are from

    /// Names and values, first those that sets to be compared have in common.
    std::array<std::pair<const char*, std::string>, 7> fields() const {
        return {{{"network", network},
                 {"weights", weights},
                 {"resize", resize},
                 {"frames", std::to_string(frames)},
                 {"clips", std::to_string(clips)},
                 {"seed", std::to_string(seed)},
                 {"source", source}}};
    }
    static constexpr std::size_t in_common = 4; ///< of these

    friend bool operator==(const provenance&, const provenance&) = default;
};

namespace detail {
inline void require_fields(const std::string& what, const provenance& found, const provenance& wanted,
                           std::size_t fields) {
    const auto mine = found.fields(), theirs = wanted.fields();
    for (std::size_t i = 0; i < fields; ++i)
        require(mine[i].second == theirs[i].second, "{} has {} '{}', where '{}' was asked for", what, mine[i].first,
                mine[i].second, theirs[i].second);
}
} // namespace detail

/// Refuses features whose network, weights, resizing or clips' frames are not the others', in a sentence with both.
inline void require_comparable(const std::string& what, const provenance& found, const provenance& wanted) {
    detail::require_fields(what, found, wanted, provenance::in_common);
}
/// Refuses what differs in anything.
inline void require_same(const std::string& what, const provenance& found, const provenance& wanted) {
    detail::require_fields(what, found, wanted, wanted.fields().size());
}

} // namespace walt
