// The golden files of the networks of measures through a device: weights by their files' names, frames in, rows out.
#pragma once

#include "../catch.hpp"
#include "../datasets/temporary_folder.hpp"

#include <walt/io/feature_weights.hpp>
#include <walt/io/safetensors_writer.hpp>
#include <walt/measures/network_features.hpp>
#include <walt/perceptual/c3d.hpp>
#include <walt/perceptual/i3d.hpp>
#include <walt/perceptual/inception.hpp>
#include <walt/testing/golden.hpp>

#include <functional>
#include <list>

namespace walt::testing::golden_networks {

/// The parameters of a golden file as a user has them, in a folder of their own. change(name, shape, values) may change
/// a tensor, or say false to leave it out; `more` are tensors of one number.
class users_file {
  public:
    using change = std::function<bool(std::string& name, std::vector<std::int64_t>& shape, std::vector<float>& values)>;

    explicit users_file(const std::string& golden, bool halves = false, const change& mend = {},
                        const std::vector<std::string>& more = {}) {
        const safetensors_file from(std::filesystem::path(WALT_TEST_DATA) / "golden/measures" /
                                    (golden + ".safetensors"));
        safetensors_writer to;
        std::list<std::vector<std::byte>> kept;
        for (const auto& [stored, tensor] : from.tensors()) {
            if (!stored.starts_with("param.")) continue;
            std::string name = stored.substr(6);
            std::vector<std::int64_t> shape = tensor.shape;
            std::vector<float> values = from.read<float>(stored);
            if (mend && !mend(name, shape, values)) continue;
            std::vector<std::uint16_t> short_ones;
            for (const float value : values) short_ones.push_back(half_bits(value));
            const auto bytes = halves ? std::as_bytes(std::span(short_ones)) : std::as_bytes(std::span(values));
            kept.emplace_back(bytes.begin(), bytes.end());
            to.add(name, halves ? "F16" : "F32", shape, kept.back());
        }
        for (const std::string& name : more) {
            kept.emplace_back(4);
            to.add(name, "F32", {1}, kept.back());
        }
        to.save(path());
    }
    std::filesystem::path path() const { return folder_.path / "weights.safetensors"; }

    /// A float as IEEE's 16 bits, cut; what is too small is 0.
    static std::uint16_t half_bits(float value) {
        const auto bits = walt::bit_cast<std::uint32_t>(value);
        const std::uint32_t sign = bits >> 16 & 0x8000u, exponent = bits >> 23 & 255u;
        return static_cast<std::uint16_t>(exponent < 113 ? sign
                                                         : sign | (exponent - 112) << 10 | (bits >> 13 & 0x3ffu));
    }

  private:
    temporary_folder folder_;
};

/// A golden file's frames [B, F, H, W, 3] (images: [B, H, W, 3]) in [0, 1] as clips.
inline clips golden_clips(const golden_file& golden) {
    const bool images = golden.file().contains("in.images");
    const std::string name = images ? "in.images" : "in.frames";
    std::vector<std::int64_t> shape = golden.file().tensor(name).shape;
    if (images) shape.insert(shape.begin() + 1, 1);
    clips made;
    made.shape = {shape[0], shape[1], shape[2], shape[3], shape[4]};
    for (const double one : golden.values<double>(name)) made.pixels.push_back(static_cast<float>(2 * one - 1));
    return made;
}

template <class T, class Network, class Context>
void check(Context& ctx, const Network& network, const std::string& name, double most) {
    const golden_file golden(std::filesystem::path(WALT_TEST_DATA) / "golden/measures" / (name + ".safetensors"));
    const users_file weights(name);
    const network_features features(ctx, network, compute<T>, feature_weights(weights.path()));
    const feature_rows rows = features(golden_clips(golden));
    CAPTURE(name, dtype_name<T>());
    for (const auto& [output, found] :
         {std::pair("out.features", &rows.features), std::pair("out.logits", &rows.logits)}) {
        if (!golden.file().contains(output)) continue;
        INFO(output << " is off by " << golden.output_error(output, found->data()));
        CHECK(golden.output_error(output, found->data()) <= most);
    }
}
template <class T, class Context> void check(Context& ctx, double most) {
    check<T>(ctx, i3d<8>{}, "i3d", most);
    check<T>(ctx, inception<16>{}, "inception", most);
    check<T>(ctx, c3d<16>{}, "c3d", most);
}

} // namespace walt::testing::golden_networks
