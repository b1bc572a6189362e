// How the paper's numbers are measured, as values to change. Each says whose it is: the paper's own, that of MAGVIT
// (the same group's, whose evaluation the paper does not repeat), that of ADM (which the paper names for ImageNet),
// PYoCo's (which it names for texts), or walt's choice. Small counts are allowed, and are said with every result.
#pragma once

#include "../io/json.hpp"

#include <array>
#include <cstdint>
#include <string>

namespace walt {

/// A value, and who says so.
template <class T> struct said {
    T value{};
    const char* by = "choice"; ///< "paper", "MAGVIT", "ADM", "PYoCo", "choice"
};

/// What is sampled, what is real, and what is measured.
struct protocol {
    std::string name;
    said<std::int64_t> samples{};   ///< of a set
    said<std::int64_t> sets{1};     ///< results are the mean of so many sets, and their deviation
    said<int> frames{1};            ///< of a clip as it is measured
    said<int> side{};               ///< pixels of it, to which what is larger is scaled and cropped
    said<int> known{0};             ///< frames that samples are given
    said<int> steps{50};            ///< of the sampler
    said<std::string> guidance{};   ///< whether samples are guided
    said<std::string> real{};       ///< which clips are the real ones
    said<std::string> told{};       ///< what samples are told
    said<std::string> measures{};   ///< by which networks
    said<std::int64_t> split{5000}; ///< rows of an inception score's split

    /// "UCF-101, 200 of 4 x 10000 samples".
    std::string counted(std::int64_t count) const {
        const std::string whole =
            sets.value > 1 ? fmt::format("{} x {}", sets.value, samples.value) : fmt::format("{}", samples.value);
        return fmt::format("{}, {} of {} samples", name, count, whole);
    }
    /// {"name": .., "samples": {"value": .., "by": ".."}, ..}
    std::string json() const {
        json_fields text;
        text("name", name);
        const auto field = [&](const char* key, const auto& one) {
            text.member(key, json_fields()("value", one.value)("by", one.by).text());
        };
        field("samples", samples), field("sets", sets), field("frames", frames), field("side", side);
        field("known frames", known), field("steps", steps), field("guidance", guidance), field("real", real);
        field("told", told), field("measures", measures), field("split", split);
        return text.text();
    }
};

/// The paper's, and the demo's.
namespace protocols {

/// Class-conditional videos of UCF-101: FVD, and IS by C3D (Tables 1, 3, 4).
inline protocol ucf_101() {
    return {.name = "UCF-101",
            .samples = {10'000, "MAGVIT"},
            .sets = {4, "MAGVIT"},
            .frames = {16, "MAGVIT"},
            .side = {128, "paper"},
            .steps = {50, "paper"},
            .guidance = {"none", "paper"},
            .real = {"a clip drawn of each training video drawn: random window, random crop, without replacement",
                     "MAGVIT"},
            .told = {"the class of the real clip", "MAGVIT"},
            .measures = {"FVD (I3D), IS (C3D)", "paper"},
            .split = {10'000, "choice"}};
}

/// Frame prediction of Kinetics-600: FVD (Table 1).
inline protocol kinetics_600() {
    return {.name = "Kinetics-600",
            .samples = {50'000, "MAGVIT"},
            .sets = {4, "MAGVIT"},
            .frames = {16, "MAGVIT"},
            .side = {64, "MAGVIT"},
            .known = {5, "paper"},
            .steps = {50, "paper"},
            .guidance = {"none", "choice"},
            .real = {"six clips of each evaluation video: two windows, three crops", "MAGVIT"},
            .told = {"the first five frames of the real clip", "paper"},
            .measures = {"FVD (I3D)", "paper"}};
}

/// Class-conditional images of ImageNet: FID, IS (Tables 2 and 7).
inline protocol imagenet_256() {
    return {.name = "ImageNet",
            .samples = {50'000, "paper"},
            .sets = {1, "ADM"},
            .side = {256, "paper"},
            .steps = {50, "paper"},
            .guidance = {"none in Table 2, 'with' in Table 7", "paper"},
            .real = {"all training images, in the middle square", "ADM"},
            .told = {"classes, each as often", "choice"},
            .measures = {"FID, IS (Inception v3)", "paper"},
            .split = {5'000, "ADM"}};
}

/// Texts to videos, never trained on UCF-101: FVD, IS (Table 5).
inline protocol text_to_video_ucf_101() {
    return {.name = "text to video, UCF-101",
            .samples = {10'000, "choice"},
            .frames = {16, "choice"},
            .side = {128, "choice"},
            .steps = {50, "choice"},
            .guidance = {"as the model's", "choice"},
            .real = {"clips of training videos, classes as often as UCF-101 has them", "choice"},
            .told = {"a prompt for each class, your own: the paper's are not printed", "PYoCo"},
            .measures = {"FVD (I3D), IS (C3D)", "paper"},
            .split = {10'000, "choice"}};
}

/// Moving fashion: nothing of it is the paper's.
inline protocol moving_fashion() {
    return {.name = "moving fashion",
            .samples = {200},
            .frames = {17},
            .side = {48},
            .steps = {12},
            .guidance = {"3"},
            .real = {"clips of test pictures, half of them of held-out combinations"},
            .told = {"captions, half of them of held-out combinations"},
            .measures = {"Frechet (item features), the judge's verdicts, PSNR and SSIM of reconstructions"}};
}

inline std::array<protocol, 5> all() {
    return {ucf_101(), kinetics_600(), imagenet_256(), text_to_video_ucf_101(), moving_fashion()};
}

} // namespace protocols
} // namespace walt
