// What clips become before their distribution is measured: a row of numbers each, of a frozen network (docs/model.md
// 21). Frechet distance and inception score take any that models clip_features, and are named by it.
#pragma once

#include "../data/clips.hpp"

#include <concepts>
#include <cstdint>
#include <string>
#include <vector>

namespace walt {

/// Rows of features, in the order of the clips; of a network that sees images a row for each frame.
struct feature_rows {
    std::int64_t count = 0;         ///< N: clips, or their frames
    std::vector<double> features{}; ///< [N, features()]
    std::vector<double> logits{};   ///< [N, classes()] before the softmax: what an inception score is of
};

/// Features of clips in host memory (videos, or stacks of images), for one clip or for any number: they go through the
/// network a few at a time, and what is missing of a clip (clips::present) is seen as 0. Provenance of a result is
/// name(), input() and identity(). It has
/// - `name()`, the network: "I3D (Kinetics-400 logits)";
/// - `frechet_name()`, what the Frechet distance in its features is called: "FVD" of I3D, "FID" of Inception, and
///   "Frechet" of all others, behind which the network's name is said;
/// - `input()`, how it looks at clips: "224 x 224, TensorFlow-1 bilinear";
/// - `identity()`, a hash of its weights;
/// - `features()` and `classes()`, the width of a row and of its logits (0: it has none);
/// - `sees_images()`, whether each frame has a row of its own; if not, a stack of images is refused.
/// Clips that do not fit (channels, frames) are a walt::error.
template <class F>
concept clip_features = requires(const F& f, const clips& x) {
    { f.name() } -> std::convertible_to<std::string>;
    { f.frechet_name() } -> std::convertible_to<std::string>;
    { f.input() } -> std::convertible_to<std::string>;
    { f.identity() } -> std::convertible_to<std::string>;
    { f.features() } -> std::convertible_to<int>;
    { f.classes() } -> std::convertible_to<int>;
    { f.sees_images() } -> std::convertible_to<bool>;
    { f(x) } -> std::same_as<feature_rows>;
};

} // namespace walt
