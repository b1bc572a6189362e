// How good generated clips are: distances from real ones, in the features of whatever networks there are weights of.
#pragma once

#include <walt/core/philox.hpp>
#include <walt/measures/clip_source.hpp>
#include <walt/measures/evaluation.hpp>
#include <walt/measures/protocols.hpp>

#include <filesystem>
#include <string>

namespace evaluate {

struct options {
    std::filesystem::path out = "evaluation"; ///< evaluation.json and evaluation.svg, and the real clips' statistics
    walt::protocol as;
    std::int64_t clips = 0;      ///< generated ones; 0: as many as the protocol wants
    std::int64_t real_clips = 0; ///< 0: as many
    walt::evaluating how;
    walt::seed seed{1};
    std::filesystem::path features;                          ///< weights of the item features
    std::filesystem::path i3d, inception, c3d, efficientnet; ///< weights of networks that you have; empty: not measured
    std::filesystem::path real, generated;                   ///< a folder of videos or images, or a file of clips
    std::filesystem::path weights;                           ///< the demo's: it makes the clips
    std::filesystem::path judge; ///< folder of a judge of moving fashion; trained where it has none
    std::int64_t judge_steps = 2500;
    std::string sampler = "dpm";
    int steps = 0; ///< of the sampler; 0: the demo's own
    float guidance = 3.0f;
};

/// Clips of a folder of videos (of images, if the protocol is of images), whatever folders it has in it, or of a
/// safetensors file of pixels U8 [B, F, H, W, 3]. `drawn`: which, and which part of each, the seed says.
walt::clip_source source_of(const std::filesystem::path& path, const walt::protocol& as, walt::seed from,
                            std::int64_t count, bool drawn);

/// Distances of generated clips from real ones by every network that the options have weights of.
std::vector<walt::measured> by_networks(const options& how, const walt::clip_source& real,
                                        const walt::clip_source& generated);

/// Throws where the demo's clips are not those of the protocol, or its judge cannot be kept.
void check_demo(const options& how);

/// Samples the demo's captions, and measures these clips, and what the demo's tokenizer makes of real ones.
void demo(const options& how, walt::evaluation& into);

} // namespace evaluate
