// What super-resolution trains on: the latent of a clip beside that of the same clip in half the size (paper sec. 4.5,
// docs/model.md 16).
#pragma once

#include "halved.hpp"
#include "latents.hpp"

namespace walt {

/// Encodes clips by a stage's tokenizer, and their halves by the tokenizer of the stage before, which may be the same
/// one: latents whose low_resolution is filled. It stands where a tokenizer does, and both live as long:
///     walt::latent_pairs both(small_tokenizer, tokenizer);
///     walt::latent_cache source(both, text_encoder, clips_in_full_size);
template <class Low, class High> class latent_pairs {
  public:
    struct dims {
        static constexpr bool sees_no_future = walt::sees_no_future<Low>() && walt::sees_no_future<High>();
    };

    latent_pairs(const Low& low, const High& high) : low_(&low), high_(&high) {}
    latent_pairs(const Low&&, const High&) = delete; // temporaries would be gone before the first clip
    latent_pairs(const Low&, const High&&) = delete;
    latent_pairs(const Low&&, const High&&) = delete;

    /// Throws walt::error where a half's latent is not half as high and wide as the clip's, of its frames and channels.
    latents encode(const clips& from, latent_scale scale = latent_scale::normalised) const {
        latents made = high_->encode(from, scale);
        latents half = low_->encode(halved(from), scale);
        const video_shape &full = made.shape, &came = half.shape;
        require(
            full.height == 2 * came.height && full.width == 2 * came.width && full.frames == came.frames &&
                full.channels == came.channels,
            "super-resolution of latents of {} x {} x {} x {} (frames, height, width, channels) needs low-resolution "
            "ones of half the height and width; the low-resolution tokenizer gives {} x {} x {} x {}",
            full.frames, full.height, full.width, full.channels, came.frames, came.height, came.width, came.channels);
        made.low_resolution.swap(half.values);
        return made;
    }

  private:
    const Low* low_;
    const High* high_;
};

} // namespace walt
