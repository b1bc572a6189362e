// Distances by every network that there are weights of.
#include "evaluate.hpp"

#include <walt/cpu.hpp>
#include <walt/io/feature_weights.hpp>
#include <walt/io/file_hash.hpp>
#include <walt/io/weights.hpp>
#include <walt/measures/network_features.hpp>
#include <walt/measures/pooled_features.hpp>
#include <walt/perceptual/c3d.hpp>
#include <walt/perceptual/efficientnet.hpp>
#include <walt/perceptual/i3d.hpp>
#include <walt/perceptual/inception.hpp>
#include <walt/perceptual/item_features.hpp>

#include <algorithm>

namespace evaluate {

namespace {

/// The file of real clips' statistics in a network's features.
std::filesystem::path kept_for(const options& how, std::string name) {
    std::replace_if(
        name.begin(), name.end(), [](unsigned char c) { return !std::isalnum(c) && c != '-'; }, '_');
    return how.out / ("real_" + name + ".safetensors");
}

} // namespace

std::vector<walt::measured> by_networks(const options& how, const walt::clip_source& real,
                                        const walt::clip_source& generated) {
    walt::cpu::context device;
    std::vector<walt::measured> all;
    const auto measure = [&](const walt::clip_features auto& network) {
        const walt::known_statistics from = walt::statistics_of(network, real, kept_for(how, network.name()));
        for (walt::measured& one : walt::distances_of_sets(network, from, generated, how.as.sets.value, how.how)) {
            fmt::print("{}\n", one.sentence());
            all.push_back(std::move(one));
        }
    };
    const auto measure_by = [&](auto network, const std::filesystem::path& weights) {
        if (!weights.empty())
            measure(walt::network_features(device, network, walt::compute<float>, walt::feature_weights(weights)));
    };
    measure_by(walt::i3d<>{}, how.i3d);
    measure_by(walt::inception<>{}, how.inception);
    measure_by(walt::c3d<>{}, how.c3d);
    measure_by(walt::efficientnet_lite0{}, how.efficientnet);
    if (!how.features.empty()) {
        const walt::perceptual_distance distance(device, walt::perceptual_network<walt::item_features, false>{},
                                                 walt::compute<float>, walt::weights_file(how.features));
        measure(walt::pooled_features("item features", distance, walt::file_hash(how.features)));
    }
    return all;
}

} // namespace evaluate
