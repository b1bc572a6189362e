// What all rows share: clips, what measures them, and for each tokenizer its latents.
#pragma once

#include "../judge/judge.hpp"
#include "ablate.hpp"

#include <walt/data/latent_cache.hpp>
#include <walt/measures/feature_statistics.hpp>
#include <walt/perceptual/item_features.hpp>
#include <walt/text/word_vectors.hpp>
#include <walt/tokenizer/tokenizer.hpp>

#include <map>
#include <memory>

namespace ablate {

/// Any dataset of clips [17, 32, 32, 3].
struct any_clips {
    std::int64_t count;
    std::function<void(walt::seed, std::int64_t, walt::clip&)> read_clip;

    std::int64_t size() const { return count; }
    int frames() const { return ablate::frames; }
    int height() const { return side; }
    int width() const { return side; }
    void read(walt::seed from, std::int64_t index, walt::clip& out) const { read_clip(from, index, out); }
};

/// A trained tokenizer, with the latents of the clips that denoisers train on and of those that they do not see.
template <class Tokens> struct material {
    walt::tokenizer<device, Tokens, element> tokenizer;
    walt::named_numbers reconstructions;
    walt::latent_cache training, held_out;
};

class workbench {
  public:
    explicit workbench(options how);

    device cpu;
    const options how;
    const any_clips training, unseen; ///< `unseen` shows other pictures, or the last fifth of each of the user's files
    const walt::word_vectors text;
    const walt::clips real; ///< the first of the unseen, for distances; samples have their captions

    /// Distances and the share of captions that samples obey (of moving fashion).
    walt::named_numbers measure(const walt::clips& samples);
    double frechet_from_real(const walt::clips& of) const;

    /// By the tokenizer's name: made once. Nothing: its training was interrupted.
    template <class Tokens>
    std::shared_ptr<material<Tokens>> material_of(const std::string& tokenizer, walt::latent_scale scale);

  private:
    walt::feature_statistics statistics_of(const walt::clips& of) const;

    walt::perceptual_distance<device, walt::perceptual_network<walt::item_features, false>, float> features_;
    walt::feature_statistics real_statistics_;
    std::optional<judge::item_judge> judge_;
    std::map<std::string, std::shared_ptr<void>> made_;
};

} // namespace ablate
