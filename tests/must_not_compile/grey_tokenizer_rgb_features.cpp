// expect: a tokenizer and the feature network of its perceptual distance must take pixels of as many channels
// values: 1 3
#include <walt/meta.hpp>
#include <walt/perceptual/distance.hpp>
#include <walt/perceptual/vgg.hpp>
#include <walt/tokenizer/tokenizing.hpp>

struct grey : walt::tokenizer_config {
    static constexpr int in_channels = 1;
};

int main() {
    walt::meta::context ctx;
    walt::tokenizer tokens(ctx, grey{}, walt::compute<float>);
    const walt::perceptual_distance distance(ctx, walt::perceptual_network<walt::vgg<walt::vgg16>>{},
                                             walt::compute<float>, walt::seed{1});
    walt::tokenizing goal(tokens, {}, walt::none{}, distance);
}
