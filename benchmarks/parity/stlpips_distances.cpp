// ST-LPIPS of pairs of frames of real videos, with its gradient, for the script stlpips beside this:
//     stlpips_distances VIDEOS WEIGHTS OUT.safetensors
#include <walt/cpu.hpp>
#include <walt/data/video_folder.hpp>
#include <walt/io/weights.hpp>
#include <walt/perceptual/distance.hpp>
#include <walt/perceptual/st_lpips.hpp>

#include <cstdio>
#include <map>

namespace {

using walt::cpu::context;

/// Tensors of a file, which live until it is written.
struct results {
    struct tensor {
        std::vector<std::int64_t> shape;
        std::vector<float> values;
    };
    std::map<std::string, tensor> all;
    void save(const char* path) const {
        walt::safetensors_writer file;
        for (const auto& [name, one] : all) file.add(name, one.shape, std::span<const float>(one.values));
        file.save(path);
    }
};

/// Frames x and y [n, height, width, 3]: the first of each video against its ninth, and the first of the next video.
void pairs_of(const std::filesystem::path& folder, int height, int width, std::vector<float>& x,
              std::vector<float>& y) {
    const walt::video_folder videos(folder, {.frames = 17, .height = height, .width = width, .random_start = false});
    std::vector<walt::clip> clips;
    const std::ptrdiff_t frame = std::ptrdiff_t{3} * height * width;
    for (std::int64_t i = 0; i < videos.size(); ++i) {
        clips.emplace_back();
        clips.back().pixels.resize(static_cast<std::size_t>(17 * frame));
        videos.read(walt::seed{1}, i, clips.back());
    }
    const auto put = [&](std::vector<float>& to, const walt::clip& from, int place) {
        to.insert(to.end(), from.pixels.begin() + place * frame, from.pixels.begin() + (place + 1) * frame);
    };
    for (std::size_t i = 0; i < clips.size(); ++i) {
        put(x, clips[i], 0), put(y, clips[i], 8);
        put(x, clips[i], 0), put(y, clips[(i + 1) % clips.size()], 0);
    }
}

template <class T, class Network>
void compare(context& device, Network network, const std::filesystem::path& weights, const std::string& name,
             const walt::video_size& frame, std::int64_t pairs, results& found) {
    const walt::perceptual_distance distance(device, network, walt::compute<T>, walt::weights_file(weights));
    const auto& x = found.all[name.substr(0, name.find('.')) + ".x"].values;
    const auto& y = found.all[name.substr(0, name.find('.')) + ".y"].values;
    auto& values = found.all[name + ".distance"];
    auto& gradients = found.all[name + ".gradient"];
    values.shape = {pairs};
    gradients.shape = {pairs, frame.height, frame.width, 3};
    for (std::int64_t n = 0; n < pairs; ++n) {
        const walt::arena::scope scope(device.arena);
        const std::size_t size = static_cast<std::size_t>(frame.positions() * 3),
                          first = static_cast<std::size_t>(n) * size;
        const auto one = frame.take<float, 3>(device.arena), other = frame.take<float, 3>(device.arena),
                   gradient = frame.take<float, 3>(device.arena);
        const auto value = device.arena.take<float, 1>();
        device.upload(one.data(), x.data() + first, size * sizeof(float));
        device.upload(other.data(), y.data() + first, size * sizeof(float));
        distance(one, other, value, gradient);
        values.values.push_back(value(0));
        gradients.values.insert(gradients.values.end(), gradient.data(), gradient.data() + size);
    }
}

} // namespace

int main(int count, char** argument) {
    if (count != 4) return std::puts("stlpips_distances VIDEOS WEIGHTS OUT.safetensors"), 2;
    const std::filesystem::path videos = argument[1], weights = argument[2];
    context device;
    results found;
    for (const auto& [height, width] : {std::pair{96, 96}, std::pair{75, 98}}) {
        const std::string size = fmt::format("{}x{}", height, width);
        auto &x = found.all[size + ".x"], &y = found.all[size + ".y"];
        pairs_of(videos, height, width, x.values, y.values);
        const walt::video_size frame{1, 1, height, width};
        const std::int64_t pairs = static_cast<std::int64_t>(x.values.size()) / (frame.positions() * 3);
        x.shape = y.shape = {pairs, height, width, 3};
        const auto on = [&]<class T>(walt::compute_t<T>, const std::string& type) {
            compare<T>(device, walt::perceptual_network<walt::st_alexnet>{}, weights / "stlpips_alex.safetensors",
                       size + ".alex." + type, frame, pairs, found);
            compare<T>(device, walt::perceptual_network<walt::vgg<walt::st_vgg16>>{},
                       weights / "stlpips_vgg.safetensors", size + ".vgg." + type, frame, pairs, found);
        };
        on(walt::compute<float>, "float32");
        on(walt::compute<walt::bf16>, "bf16");
    }
    found.save(argument[3]);
}
