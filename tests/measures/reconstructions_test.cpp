// A tokenizer's held-out measures: what they are of, missing pixels, and their lines in a run.
#include "../catch.hpp"
#include "../perceptual/small_networks.hpp"
#include "../tokenizer/tiny_tokenizer.hpp"

#include <walt/cpu.hpp>
#include <walt/measures/reconstructions.hpp>
#include <walt/perceptual/distance.hpp>
#include <walt/testing/gradient_check.hpp>
#include <walt/tokenizer/reconstruction.hpp>
#include <walt/train/measures_log.hpp>
#include <walt/train/trainer.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>

using namespace walt;

namespace {

clips clips_of(std::uint64_t seed) {
    clips made{.shape = {2, 3, 12, 16}};
    made.pixels.resize(static_cast<std::size_t>(made.shape.size()));
    testing::fill_normal(made.pixels, seed, 0.4);
    return made;
}

struct scene {
    cpu::context ctx;
    tokenizer<cpu::context, testing::tiny_tokenizer, float> tokens{ctx, {}, compute<float>, seed{1}};
    perceptual_distance<cpu::context, perceptual_network<vgg<small_networks::small>>, float> distance{
        ctx, {}, compute<float>, seed{3}};
    clips real = clips_of(4);
};

} // namespace

TEST_CASE("a tokenizer's measures are those of what it decodes, each with its name", "[measures]") {
    scene s;
    const clips decoded = clamped(s.tokens.decode(s.tokens.encode(s.real, latent_scale::raw)));
    const auto first_apart = [](const clips& x, const clips& y) { return x.pixels[0] - y.pixels[0]; };
    const named_numbers found = measure_reconstructions(s.tokens, s.real, named_measure{"features", s.distance},
                                                        named_measure{"first", first_apart});
    CHECK(found == named_numbers{{"PSNR", psnr(decoded, s.real)},
                                 {"SSIM", ssim(decoded, s.real)},
                                 {"features", s.distance(decoded, s.real)},
                                 {"first", static_cast<double>(first_apart(decoded, s.real))}});
    CHECK(found[2].second > 0);
    s.real.is_image = {1, 1};
    CHECK(measure_reconstructions(s.tokens, s.real)[0].second != found[0].second); // the frames by themselves
}

TEST_CASE("named measures see reconstructions clamped to [-1, 1]", "[measures]") {
    struct louder {
        clips encode(const clips& x, latent_scale) const { return x; }
        clips decode(clips x) const {
            for (float& pixel : x.pixels) pixel *= 4;
            return x;
        }
    };
    const auto largest = [](const clips& x, const clips&) {
        return *std::max_element(x.pixels.begin(), x.pixels.end());
    };
    CHECK(measure_reconstructions(louder{}, clips_of(4), named_measure{"largest", largest})[2].second == 1);
}

TEST_CASE("what stands where pixels are missing does not count in any measure", "[measures]") {
    scene s;
    s.real.present.assign(std::size_t{2} * 3 * 12 * 16, 1);
    for (std::size_t i = 0; i < s.real.present.size(); ++i)
        if (i % 16 == 1 || i % 192 == 5) s.real.present[i] = 0;
    const auto with = [&](float under) {
        clips of = s.real;
        for (std::size_t i = 0; i < of.pixels.size(); ++i)
            if (of.present[i / 3] == 0) of.pixels[i] = under;
        named_numbers found = measure_reconstructions(s.tokens, of, named_measure{"features", s.distance});
        for (const double one : s.distance.pooled(of)) found.emplace_back("pooled", one);
        return found;
    };
    const named_numbers right = with(0);
    CHECK(with(std::numeric_limits<float>::quiet_NaN()) == right);
    CHECK(with(3) == right);
    CHECK(right != [&] {
        clips all = s.real;
        all.present.clear();
        return measure_reconstructions(s.tokens, all, named_measure{"features", s.distance});
    }());

    clips same = s.real; // two clips that differ only where a pixel is missing in one of them
    same.present.clear();
    for (std::size_t i = 0; i < same.pixels.size(); ++i)
        if (s.real.present[i / 3] == 0) same.pixels[i] = 0.9f;
    CHECK(s.distance(same, s.real) == Approx(0).margin(1e-9));
    CHECK(s.distance(s.real, same) == Approx(0).margin(1e-9));
}

TEST_CASE("measures are logged every so many steps and at the end, and a run that goes on keeps its lines",
          "[measures]") {
    const auto folder = std::filesystem::temp_directory_path() / "walt_measures_log_test";
    std::filesystem::remove_all(folder);
    scene s;
    trainer learner(s.tokens, reconstruction{});
    const auto source = [](std::int64_t n) { return clips_of(static_cast<std::uint64_t>(10 + n)); };
    std::vector<double> psnrs;
    const measures_log log{folder / "unseen.csv", 2, [&] {
                               named_numbers found = measure_reconstructions(s.tokens, s.real);
                               psnrs.push_back(found[0].second);
                               return found;
                           }};
    const auto lines = [&] {
        std::ostringstream text;
        text << std::ifstream(folder / "unseen.csv").rdbuf();
        return text.str();
    };
    REQUIRE(learner.run(source, steps{3}, log));
    REQUIRE(psnrs.size() == 2); // behind step 2, and at the end
    const std::string before = lines();
    CHECK(before.rfind(fmt::format("step,PSNR,SSIM\n2,{:.6g},", psnrs[0]), 0) == 0);
    CHECK(before.find(fmt::format("\n3,{:.6g},", psnrs[1])) != std::string::npos);
    REQUIRE(learner.run(source, steps{3}, log)); // nothing to do
    CHECK(lines() == before);
    REQUIRE(learner.run(source, steps{4}, log));
    CHECK(psnrs.size() == 3);
    CHECK(lines().rfind(before + fmt::format("4,{:.6g},", psnrs[2]), 0) == 0);
    CHECK_THROWS_WITH(learner.run(source, steps{5}, measures_log{folder / "x.csv", 0, log.measure}),
                      Catch::Contains("measures_log::every must be 1 or more; it is 0"));
    std::filesystem::remove_all(folder);
}
