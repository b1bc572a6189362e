// EfficientNet-Lite0's features and logits of frames of real videos, for the script efficientnet beside this:
//     efficientnet_features VIDEOS WEIGHTS.safetensors OUT.safetensors
#include <walt/cpu.hpp>
#include <walt/data/video_folder.hpp>
#include <walt/io/feature_weights.hpp>
#include <walt/io/safetensors_writer.hpp>
#include <walt/measures/network_features.hpp>
#include <walt/perceptual/efficientnet.hpp>

#include <cstdio>
#include <list>

int main(int count, char** argument) {
    if (count != 4) return std::puts("efficientnet_features VIDEOS WEIGHTS.safetensors OUT.safetensors"), 2;
    walt::cpu::context device;
    const walt::network_features features(device, walt::efficientnet_lite0{}, walt::compute<float>,
                                          walt::feature_weights(argument[2]));
    walt::safetensors_writer file;
    std::list<std::vector<float>> kept;
    const auto put = [&](const std::string& name, const std::vector<std::int64_t>& shape, const auto& values) {
        kept.emplace_back(values.begin(), values.end());
        file.add(name, shape, std::span<const float>(kept.back()));
    };
    for (const auto& [height, width] : {std::pair{224, 224}, std::pair{96, 128}}) {
        const walt::video_folder videos(
            argument[1], {.frames = 2, .height = height, .width = width, .stride = 8, .random_start = false});
        walt::clips all;
        all.shape = {videos.size(), 2, height, width, 3};
        for (std::int64_t i = 0; i < videos.size(); ++i) {
            walt::clip one;
            one.pixels.resize(static_cast<std::size_t>(all.shape.sample()));
            videos.read(walt::seed{1}, i, one);
            all.pixels.insert(all.pixels.end(), one.pixels.begin(), one.pixels.end());
        }
        const walt::feature_rows rows = features(all);
        const std::string size = fmt::format("{}x{}", height, width);
        put(size + ".pixels", {rows.count, height, width, 3}, all.pixels);
        put(size + ".features", {rows.count, features.features()}, rows.features);
        put(size + ".logits", {rows.count, features.classes()}, rows.logits);
    }
    file.save(argument[3]);
}
