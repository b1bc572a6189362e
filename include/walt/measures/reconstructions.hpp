// How near a tokenizer's reconstructions are to clips that it was not trained on: every measure by its name.
#pragma once

#include "../data/latents.hpp"
#include "named_numbers.hpp"
#include "pixels.hpp"

namespace walt {

/// A measure distance(decoded, real) of two sets of clips, as walt::perceptual_distance is one, and its name. It refers
/// to the distance: named_measure{"ST-LPIPS", distance}.
template <class Distance> struct named_measure {
    const char* name;
    const Distance& distance;
};
template <class Distance> named_measure(const char*, const Distance&) -> named_measure<Distance>;

/// PSNR and SSIM (measures/pixels.hpp), and what else is named, of what a tokenizer makes of these clips, which are
/// encoded and decoded once, in one pass: videos, or stacks of images (clips::part takes them apart). What was decoded
/// is clamped to [-1, 1]. Pixels that are missing are missing in both.
///     walt::measure_reconstructions(average.model(), held_out, walt::named_measure{"ST-LPIPS", distance})
template <class Tokenizer, class... Distance>
named_numbers measure_reconstructions(const Tokenizer& tokenizer, const clips& real,
                                      const named_measure<Distance>&... more) {
    clips decoded = clamped(tokenizer.decode(tokenizer.encode(real, latent_scale::raw))); // back at once: any scale
    decoded.present = real.present;
    return {{"PSNR", psnr(decoded, real)},
            {"SSIM", ssim(decoded, real)},
            {more.name, static_cast<double>(more.distance(decoded, real))}...};
}

} // namespace walt
