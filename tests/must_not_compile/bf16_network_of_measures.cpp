// expect: networks of measures compute in float, or in double
#include <walt/measures/network_features.hpp>
#include <walt/meta.hpp>
#include <walt/perceptual/i3d.hpp>

int main() {
    walt::meta::context device;
    const walt::network_features features(device, walt::i3d<8>{}, walt::compute<walt::bf16>, walt::seed{1});
    return features.features();
}
