// The tokenizer's objective: its value by definition, its gradient by finite differences, and that training lowers it.
#include "../catch.hpp"
#include "tiny_tokenizer.hpp"

#include <walt/reference.hpp>
#include <walt/testing/gradient_check.hpp>
#include <walt/testing/relative_error.hpp>
#include <walt/tokenizer/reconstruction.hpp>
#include <walt/train/objective.hpp>

#include <limits>

using namespace walt;

namespace {

using tiny = testing::tiny_tokenizer;

struct scene {
    reference::context ctx;
    tokenizer<reference::context, tiny, double> tokens{ctx, tiny{}, compute<double>, seed{1}};
    clips batch{.shape = {2, 3, 4, 4}, .pixels = std::vector<float>(std::size_t{2} * 3 * 4 * 4 * 3)};
    std::vector<double> gradient = std::vector<double>(tokens.extent);
    scene() {
        testing::fill_normal(batch.pixels, 4, 0.5);
        std::vector<double> masters = tokens.host_masters();
        for (const parameter_row& row : parameter_table<tokenizer_network<tiny>>())
            for (std::size_t i = 0; row.trainable() && i < row.size; ++i)
                masters[row.offset + i] += 0.1 * static_cast<double>(philox{3, 0}.normal(row.offset + i));
        tokens.assign(masters);
    }
    double loss(const reconstruction& objective) {
        std::fill(gradient.begin(), gradient.end(), 0.0);
        return loss_of(objective, tokens, batch, gradients<double>{gradient.data()}, philox{7, 3});
    }
};

} // namespace

TEST_CASE("the loss is that of decode(encode(x))", "[reconstruction]") {
    scene s;
    const std::vector<float> x = s.tokens.decode(s.tokens.encode(s.batch, latent_scale::raw)).pixels;
    double squares = 0, distances = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
        const double off = static_cast<double>(x[i]) - static_cast<double>(s.batch.pixels[i]);
        squares += off * off;
        distances += std::abs(off);
    }
    const double count = static_cast<double>(x.size());
    CHECK(s.loss({.absolute = 0.3f, .latent_pull = 5.0f, .latent_noise = 0}) ==
          Approx((squares + 0.3 * distances) / count).epsilon(1e-5));
    CHECK(s.loss({.absolute = 0, .latent_pull = 0, .latent_noise = 0}) == Approx(squares / count).epsilon(1e-5));
    CHECK(s.loss({.latent_noise = 1}) != Approx(s.loss({.latent_noise = 0})));
    CHECK(s.loss({.latent_noise = 1}) == s.loss({.latent_noise = 1})); // the noise is the micro-batch's own
}

TEST_CASE("its gradient is that of finite differences, the pull on the latents included", "[reconstruction]") {
    scene s;
    const reconstruction objective{.absolute = 0, .latent_pull = 0.7f, .latent_noise = 0.2f};
    s.loss(objective);
    const std::vector<double> gradient = s.gradient;
    const auto value = [&] { // the pull is not in the value reported
        const arena::scope scope(s.ctx.arena);
        const video_size size{2, 3, 4, 4};
        const auto x = size.take<double, 3>(s.ctx.arena);
        const auto z = tokenizer_network<tiny>::latent_size(size).template take<double, 3>(s.ctx.arena);
        std::copy(s.batch.pixels.begin(), s.batch.pixels.end(), x.data());
        s.tokens.network().encode(s.ctx, s.tokens.weights(), x, z);
        return s.loss(objective) +
               static_cast<double>(0.7f) * testing::inner_product(z, z) / static_cast<double>(z.size());
    };
    const auto masters = s.tokens.masters();
    const auto result = testing::check_gradient(masters.data(), gradient.data(), gradient.size(), value, 60);
    CAPTURE(result.position, result.analytic, result.numeric);
    CHECK(result.checked == 60);
    CHECK(result.worst < 1e-4);
}

TEST_CASE("in a batch of clips and images every pixel counts the same, and images are encoded alone",
          "[reconstruction]") {
    scene s;
    const reconstruction objective{.absolute = 0.3f, .latent_pull = 0.7f, .latent_noise = 0};
    const clips all = s.batch;
    const auto run = [&](const clips& batch) {
        s.batch = batch;
        const double loss = s.loss(objective);
        return std::pair(loss, s.gradient);
    };
    clips video = all.part(false), images;
    video.shape.count = 1;
    video.pixels.resize(144);
    images.shape = {3, 1, 4, 4}; // the frames of the second sample
    images.pixels.assign(all.pixels.begin() + 144, all.pixels.end());
    const auto of_video = run(video), of_images = run(images);

    clips stack = images;
    stack.shape = {1, 3, 4, 4};
    stack.is_image = {1};
    const auto of_stack = run(stack);
    CHECK((of_stack.first == of_images.first && of_stack.second == of_images.second));

    // Half of the pixels are the video's, but two of five latent frames: the pull weighs the kinds differently.
    clips mixed = all;
    mixed.is_image = {0, 1};
    const auto joint = run(mixed);
    CHECK(joint.first == Approx((of_video.first + of_images.first) / 2).epsilon(1e-12));
    const reconstruction without{.absolute = 0.3f, .latent_pull = 0, .latent_noise = 0};
    const auto bare = [&](const clips& batch) {
        s.batch = batch;
        s.loss(without);
        return s.gradient;
    };
    const std::vector<double> video_bare = bare(video), images_bare = bare(images);
    double off = 0, size = 0;
    for (std::size_t i = 0; i < joint.second.size(); ++i) {
        const double pull_video = of_video.second[i] - video_bare[i],
                     pull_images = of_images.second[i] - images_bare[i];
        const double expected = (video_bare[i] + images_bare[i]) / 2 + (2 * pull_video + 3 * pull_images) / 5;
        off = std::max(off, std::abs(joint.second[i] - expected));
        size = std::max(size, std::abs(expected));
    }
    CHECK(off < 1e-9 * size);
    s.batch = mixed;
    CHECK(s.loss({.latent_noise = 1}) == s.loss({.latent_noise = 1}));
}

TEST_CASE("pixels of another size than stated are refused with both numbers", "[reconstruction]") {
    scene s;
    s.batch.pixels.pop_back();
    CHECK_THROWS_WITH(s.loss({}), Catch::Contains("288 numbers") && Catch::Contains("287 came"));
    s.batch.pixels.resize(192);
    s.batch.shape.frames = 2;
    CHECK_THROWS_WITH(s.loss({}), Catch::Contains("1 + 2 k frames") && Catch::Contains("not 2"));
}

TEST_CASE("missing pixels are seen as 0 and not compared, whatever stands there", "[reconstruction]") {
    scene s;
    s.batch.present.assign(std::size_t{2} * 3 * 4 * 4, 1);
    const reconstruction objective{.absolute = 0.3f, .latent_pull = 0.7f, .latent_noise = 0.2f};
    const double whole = s.loss(objective);
    s.batch.present.clear();
    CHECK(s.loss(objective) == Approx(whole).epsilon(1e-12));

    s.batch.present.assign(std::size_t{2} * 3 * 4 * 4, 1);
    for (std::size_t i = 0; i < s.batch.present.size(); i += 3) s.batch.present[i] = 0;
    const reconstruction plain{.absolute = 0.3f, .latent_pull = 0, .latent_noise = 0};
    const double loss = s.loss(plain);
    const std::vector<float> x = s.tokens.decode(s.tokens.encode(s.batch, latent_scale::raw)).pixels;
    double sum = 0, count = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
        if (s.batch.present[i / 3] == 0) continue;
        const double off = static_cast<double>(x[i]) - static_cast<double>(s.batch.pixels[i]);
        sum += off * off + static_cast<double>(0.3f) * std::abs(off);
        count += 1;
    }
    CHECK(loss == Approx(sum / count).epsilon(1e-5));

    const double right = s.loss(objective);
    const std::vector<double> gradient = s.gradient;
    for (std::size_t i = 0; i < s.batch.pixels.size(); ++i)
        if (s.batch.present[i / 3] == 0) s.batch.pixels[i] = std::numeric_limits<float>::quiet_NaN();
    for (const std::int64_t chunk : {0, 1})
        for (const activations keep : {activations::all, activations::rematerialise}) {
            reconstruction other = objective;
            other.chunk = chunk;
            other.keep = keep;
            CHECK(s.loss(other) == Approx(right).epsilon(1e-12));
            CHECK(testing::relative_error(s.gradient.data(), gradient) < 1e-12);
        }
    const auto value = [&] { return s.loss(plain); };
    s.loss(plain);
    const std::vector<double> plain_gradient = s.gradient;
    const auto masters = s.tokens.masters();
    CHECK(testing::check_gradient(masters.data(), plain_gradient.data(), plain_gradient.size(), value, 40).worst <
          1e-4);
    s.batch.present.assign(s.batch.present.size(), 0);
    CHECK_THROWS_WITH(s.loss(plain), Catch::Contains("without a pixel that is present"));
    s.batch.present.pop_back();
    CHECK_THROWS_WITH(s.loss(plain), Catch::Contains("marks of present pixels"));
}
