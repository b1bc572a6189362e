// Inflation against its golden file: the parameters are equal, and on single frames so is what they compute.
#include "../catch.hpp"

#include <walt/cpu.hpp>
#include <walt/testing/golden.hpp>
#include <walt/tokenizer/inflation.hpp>
#include <walt/tokenizer/tokenizer.hpp>

#include <filesystem>

using namespace walt;
using testing::golden_file;

namespace {

struct of_videos : tokenizer_config {
    static constexpr int channels = 8, blocks = 1, latent = 3, norm_groups = 2;
    static constexpr std::array<int, 2> multipliers{1, 2};
    static constexpr std::array<int, 1> time_strides{2};
};
struct of_images : of_videos {
    static constexpr std::array<int, 1> time_strides{1};
    static constexpr bool per_frame = true;
};
struct wider : of_videos {
    static constexpr std::array<int, 2> multipliers{1, 3};
};

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

} // namespace

TEST_CASE("an inflated tokenizer equals the golden file, and on one frame the tokenizer of images",
          "[tokenizer][golden]") {
    const golden_file golden(std::filesystem::path(WALT_TEST_DATA) / "golden/recipe/inflation.safetensors");
    cpu::context ctx;
    tokenizer images(ctx, of_images{}, compute<float>, seed{1});
    tokenizer videos(ctx, of_videos{}, compute<float>, seed{2}), right(ctx, of_videos{}, compute<float>, seed{3});
    set_from(golden, "from.", images);
    set_from(golden, "to.", right);
    clips frames{.shape = {2, 1, 12, 8}, .pixels = golden.values<float>("in.x", {2, 1, 12, 8, 3})};
    images.measure_latents([&](std::int64_t) { return frames; }, {.batches = 1});
    inflate(images, videos);
    for (const parameter_row& row : decltype(right)::table()) {
        std::vector<float> found(row.size), wanted(row.size);
        videos.get(row, found);
        right.get(row, wanted);
        INFO(row.name);
        if (row.trainable()) CHECK(found == wanted);
    }
    CHECK(videos.measured());

    const latents z = videos.encode(frames, latent_scale::raw), z_images = images.encode(frames, latent_scale::raw);
    const clips x = videos.decode(z), x_images = images.decode(z_images);
    CHECK(golden.output_error("out.z", z.values.data()) <= 1e-5);
    CHECK(golden.output_error("out.x", x.pixels.data()) <= 1e-5);
    CHECK(testing::relative_error(z_images.values.data(), z.values) <= 1e-5);
    CHECK(testing::relative_error(x_images.pixels.data(), x.pixels) <= 1e-5);
    CHECK(testing::relative_error(videos.encode(frames).values.data(), images.encode(frames).values) <= 1e-5);

    tokenizer other(ctx, wider{}, compute<float>, seed{1});
    CHECK_THROWS_WITH(inflate(images, other), Catch::Contains("differ in more than time"));
}
