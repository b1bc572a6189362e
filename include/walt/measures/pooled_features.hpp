// The last tap of a perceptual network as features of frames: a space for Frechet distances without any download.
#pragma once

#include "clip_features.hpp"

#include <functional>
#include <string>
#include <utility>

namespace walt {

/// walt::pooled_features items("item features", distance, walt::file_hash("examples/weights/features.safetensors"));
/// Models clip_features over a walt::perceptual_distance (anything with pooled() and pooled_features), which it refers
/// to: a row for each frame, the tap's mean over it.
template <class Distance> class pooled_features {
  public:
    pooled_features(std::string name, const Distance& distance, std::string identity)
        : name_(std::move(name)), identity_(std::move(identity)), distance_(&distance) {}
    pooled_features(std::string, const Distance&&, std::string) = delete; // a temporary would be gone

    std::string name() const { return name_; }
    static std::string frechet_name() { return "Frechet"; }
    static std::string input() { return "as they are"; }
    std::string identity() const { return identity_; }
    static constexpr int features() { return Distance::pooled_features; }
    static constexpr int classes() { return 0; }
    static constexpr bool sees_images() { return true; }

    feature_rows operator()(const clips& x) const {
        return {.count = x.shape.count * x.shape.frames, .features = distance_->pooled(x)};
    }

  private:
    std::string name_, identity_;
    const Distance* distance_;
};
template <class Distance> pooled_features(std::string, const Distance&, std::string) -> pooled_features<Distance>;

/// Any clip_features, which it refers to, chosen as a program runs. Models clip_features.
class any_clip_features {
  public:
    template <clip_features F>
    explicit any_clip_features(const F& of)
        : name_(of.name()), frechet_name_(of.frechet_name()), input_(of.input()), identity_(of.identity()),
          features_(of.features()), classes_(of.classes()), sees_images_(of.sees_images()),
          rows_([&of](const clips& x) { return of(x); }) {}
    template <clip_features F> explicit any_clip_features(const F&&) = delete; // a temporary would be gone
    any_clip_features(const any_clip_features&) = default;
    any_clip_features(any_clip_features&&) = default;

    std::string name() const { return name_; }
    std::string frechet_name() const { return frechet_name_; }
    std::string input() const { return input_; }
    std::string identity() const { return identity_; }
    int features() const { return features_; }
    int classes() const { return classes_; }
    bool sees_images() const { return sees_images_; }
    feature_rows operator()(const clips& x) const { return rows_(x); }

  private:
    std::string name_, frechet_name_, input_, identity_;
    int features_, classes_;
    bool sees_images_;
    std::function<feature_rows(const clips&)> rows_;
};

} // namespace walt
