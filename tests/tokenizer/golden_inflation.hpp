// Inflation through a device: the golden file's parameters, and on single frames what they compute.
#pragma once

#include "../catch.hpp"

#include <walt/testing/golden.hpp>
#include <walt/tokenizer/inflation.hpp>
#include <walt/tokenizer/tokenizer.hpp>

#include <filesystem>

namespace walt::testing::golden_inflation {

struct of_videos : tokenizer_config {
    static constexpr int channels = 8, blocks = 1, latent = 3, norm_groups = 2;
    static constexpr std::array<int, 2> multipliers{1, 2};
    static constexpr std::array<int, 1> time_strides{2};
};
struct of_images : of_videos {
    static constexpr std::array<int, 1> time_strides{1};
    static constexpr bool per_frame = true;
};

/// Of latents and of pixels. The file states none for bf16: in_bf16 is that of the tokenizer's own files.
inline constexpr double in_double = 1e-6, in_float = 1e-5, in_bf16 = 2e-2;

/// Sets all parameters that the file has as `prefix` + name.
template <class Model> void set_from(const golden_file& golden, const std::string& prefix, Model& net) {
    using A = typename Model::master_type;
    for (const parameter_row& row : Model::table()) {
        if (!row.trainable()) continue; // the latents' statistics
        const std::vector<A> stored = golden.values<A>(prefix + row.name, row.shape);
        std::vector<A> values(row.size);
        for (std::size_t i = 0; i < row.size; ++i) values[i] = stored[place_in_file(row, i)];
        net.set(row, values);
    }
}

template <class T, class Context> void check(Context& ctx, double most) {
    using A = accumulate_t<T>;
    const golden_file golden(std::filesystem::path(WALT_TEST_DATA) / "golden/recipe/inflation.safetensors");
    tokenizer images(ctx, of_images{}, compute<T>, seed{1});
    tokenizer videos(ctx, of_videos{}, compute<T>, seed{2}), right(ctx, of_videos{}, compute<T>, seed{3});
    set_from(golden, "from.", images);
    set_from(golden, "to.", right);
    clips frames{.shape = {2, 1, 12, 8}, .pixels = golden.values<float>("in.x", {2, 1, 12, 8, 3})};
    images.measure_latents([&](std::int64_t) { return frames; }, {.batches = 1});
    inflate(images, videos);
    for (const parameter_row& row : decltype(right)::table()) {
        std::vector<A> found(row.size), wanted(row.size);
        videos.get(row, found);
        right.get(row, wanted);
        INFO(row.name);
        if (row.trainable()) CHECK(found == wanted);
    }
    CHECK(videos.measured());

    const latents z = videos.encode(frames, latent_scale::raw), z_images = images.encode(frames, latent_scale::raw);
    const clips x = videos.decode(z), x_images = images.decode(z_images);
    CHECK(golden.output_error("out.z", z.values.data()) <= most);
    CHECK(golden.output_error("out.x", x.pixels.data()) <= most);
    const auto error = [](const std::vector<float>& found, const std::vector<float>& wanted) {
        return relative_error(found.data(), wanted);
    };
    CHECK(error(z_images.values, z.values) <= most);
    CHECK(error(x_images.pixels, x.pixels) <= most);
    CHECK(error(videos.encode(frames).values, images.encode(frames).values) <= most);
}

} // namespace walt::testing::golden_inflation
