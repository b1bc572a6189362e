// Distances of real, noised and reconstructed clips in the features of the shipped network; what a report says.
#include "../catch.hpp"
#include "../datasets/temporary_folder.hpp"

#include <walt/cpu.hpp>
#include <walt/data/moving_fashion.hpp>
#include <walt/io/json.hpp>
#include <walt/io/weights.hpp>
#include <walt/measures/evaluation.hpp>
#include <walt/measures/pooled_features.hpp>
#include <walt/perceptual/item_features.hpp>

using namespace walt;

namespace {
struct space {
    cpu::context ctx;
    perceptual_distance<cpu::context, perceptual_network<item_features, false>, float> distance{
        ctx, perceptual_network<item_features, false>{}, compute<float>,
        weights_file("examples/weights/features.safetensors")};
    pooled_features<decltype(distance)> items{"item features", distance, "0123"};
    any_clip_features network{items};
};

clip_source real_clips(std::uint64_t from, std::int64_t count) {
    return clips_of(moving_fashion({.size = 32, .frames = 3, .split = split::all, .pictures = fashion_part::test}),
                    seed{from}, count, "moving fashion, test pictures");
}
/// The clips with normal noise on every pixel.
clip_source noised(const clip_source& of, float noise) {
    return {of.name, of.seed, of.count, [=](std::int64_t i) {
                clips one = of.clip(i);
                for (std::size_t k = 0; k < one.pixels.size(); ++k)
                    one.pixels[k] += noise * philox{3, static_cast<std::uint64_t>(i)}.normal(k);
                return one;
            }};
}
/// Decodes what it encodes at half of the width.
struct coarse {
    clips encode(const clips& x, latent_scale) const { return x; }
    clips decode(clips x) const {
        for (std::size_t i = 0; i < x.pixels.size(); ++i)
            if (i / 3 % 2 == 1) x.pixels[i] = x.pixels[i - 3];
        return x;
    }
};
/// A row for each clip: its first two pixels; logits of the sign of the first.
struct pixels_of_clips {
    static std::string name() { return "two pixels"; }
    static std::string frechet_name() { return "Frechet"; }
    static std::string input() { return "as they are"; }
    static std::string identity() { return "none"; }
    static int features() { return 2; }
    static int classes() { return 2; }
    static bool sees_images() { return false; }
    feature_rows operator()(const clips& x) const {
        const double a = static_cast<double>(x.pixels[0]), b = static_cast<double>(x.pixels[1]);
        return {.count = 1, .features = {a, b}, .logits = {100 * a, -100 * a}};
    }
};
clip_source points(std::int64_t count, std::uint64_t from, float about = 0) {
    return {"points", from, count, [=](std::int64_t i) {
                clips one{.shape = {1, 1, 1, 1, 2}};
                for (const std::uint64_t k : {0, 1})
                    one.pixels.push_back(about + philox{from, static_cast<std::uint64_t>(i)}.normal(k));
                return one;
            }};
}
} // namespace
static_assert(clip_features<any_clip_features>);

TEST_CASE("halves of real clips are near each other, noised ones further the more noise they have", "[measures]") {
    const space in;
    const known_statistics real = statistics_of(in.network, real_clips(1, 64));
    CHECK(real.from == provenance{"item features", "0123", "as they are", 3, 64, 1, "moving fashion, test pictures"});
    const evaluating how{.again = {.times = 20}};
    const auto distance = [&](float noise) {
        return distances(in.network, real, noised(real_clips(2, 64), noise), how).at(0);
    };
    const measured clean = distance(0);
    CHECK(clean.name == "Frechet (item features)");
    double before = clean.number.value;
    CHECK(clean.number.low < 0.3 * before); // what halves are apart is mostly their number
    for (const float noise : {0.05f, 0.1f, 0.2f, 0.4f}) {
        const measured found = distance(noise);
        CHECK(found.number.value > 1.05 * before);
        before = found.number.value;
        if (noise > 0.1f) CHECK(found.number.low > clean.number.high);
    }
    CHECK(before > 10 * clean.number.value);
}

TEST_CASE("reconstructions are measured by pixels and by features", "[measures]") {
    const space in;
    const clip_source real = real_clips(1, 8);
    const auto found = reconstruction_measures(coarse{}, in.network, real, {.again = {.times = 10}});
    REQUIRE(found.size() == 3);
    CHECK((found[0].name == "PSNR of reconstructions" && found[0].unit == "dB" && found[0].from.network.empty()));
    double sum = 0, similar = 0;
    for (int i = 0; i < 8; ++i) {
        sum += psnr(coarse().decode(real.clip(i)), real.clip(i)) / 8;
        similar += ssim(coarse().decode(real.clip(i)), real.clip(i)) / 8;
    }
    CHECK(found[0].number.value == Approx(sum).epsilon(1e-12));
    CHECK(found[1].number.value == Approx(similar).epsilon(1e-12));
    CHECK((found[0].number.low < found[0].number.value && found[0].number.value < found[0].number.high));
    CHECK(found[2].name == "Frechet of reconstructions (item features)");
    CHECK(found[2].number.value > 0);
    struct keeps {
        clips encode(const clips& x, latent_scale) const { return x; }
        clips decode(const clips& x) const {
            clips other = x;
            other.pixels[0] += 0.01f;
            return other;
        }
    };
    CHECK(reconstruction_measures(keeps{}, in.network, real, {.again = {.times = 0}})[2].number.value <
          1e-3 * found[2].number.value);
}

TEST_CASE("what a reconstruction has outside of [-1, 1] is clamped before a network looks at it", "[measures]") {
    struct louder {
        clips encode(const clips& x, latent_scale) const { return x; }
        clips decode(clips x) const {
            for (float& pixel : x.pixels) pixel *= 2;
            x.pixels.back() = 0; // an equal clip has no finite PSNR; the network does not look here
            return x;
        }
    };
    const clip_source black_and_white{
        "black and white", 1, 20, [](std::int64_t i) {
            clips one{.shape = {1, 1, 12, 12, 3}};
            for (std::uint64_t k = 0; k < 12 * 12 * 3; ++k)
                one.pixels.push_back(philox{4, static_cast<std::uint64_t>(i)}.normal(k) < 0 ? -1.0f : 1.0f);
            return one;
        }};
    const auto found =
        reconstruction_measures(louder{}, pixels_of_clips{}, black_and_white, {.again = {.times = 0}, .groups = 4});
    CHECK(found[2].number.value == Approx(0).margin(1e-9));
}

TEST_CASE("sets are measured by themselves, and have a mean and a deviation", "[measures]") {
    const pixels_of_clips network;
    const known_statistics real = statistics_of(network, points(5000, 1));
    const clip_source made = points(403, 2, 0.5f);
    const evaluating how{.again = {.times = 30}, .groups = 8, .split = 10};
    const auto whole = distances(network, real, made, how), sets = distances_of_sets(network, real, made, 4, how);
    REQUIRE((whole.size() == 2 && sets.size() == 2));
    CHECK(whole[0].number.value == Approx(0.5).epsilon(0.25)); // 2 x 0.5^2
    CHECK((whole[0].number.low < 0.5 && 0.5 < whole[0].number.high && whole[0].number.bias > 0));
    CHECK((whole[1].name == "inception score (two pixels)" && whole[1].parts == 41));
    CHECK(whole[1].number.value > 1.3);
    std::vector<double> each;
    for (int i = 0; i < 4; ++i) each.push_back(distances(network, real, made.part(i, 4), how)[0].number.value);
    const double mean = (each[0] + each[1] + each[2] + each[3]) / 4;
    CHECK(sets[0].number.value == Approx(mean));
    CHECK((sets[0].parts == 4 && sets[0].from.clips == 400 && sets[0].level == 0));
    double squares = 0;
    for (const double one : each) squares += (one - mean) * (one - mean);
    CHECK(sets[0].deviation == Approx(std::sqrt(squares / 3)));
    CHECK(sets[0].sentence().find("Frechet (two pixels), 400 clips: ") == 0);
    CHECK(sets[0].sentence().find(" +- ") != std::string::npos);
    for (const int none : {0, -1})
        CHECK_THROWS_WITH(distances_of_sets(network, real, made, none, how),
                          Catch::Equals(fmt::format("clips are measured in 1 set or more, not in {}", none)));
    CHECK_THROWS_WITH(made.part(4, 4), Catch::Contains("403 clips of points cannot be taken apart in 4"));
    CHECK_THROWS_WITH(distances(network, real, points(0, 1)), Catch::Contains("points has no clip"));
}

TEST_CASE("wrong options are refused before a clip is asked for", "[measures]") {
    const pixels_of_clips network;
    const known_statistics real = statistics_of(network, points(10, 1));
    int asked = 0;
    clip_source made = points(10, 2);
    made.clip = [&asked, of = made.clip](std::int64_t i) { return ++asked, of(i); };
    const auto refused = [&](const evaluating& how, const char* why) {
        CHECK_THROWS_WITH(distances(network, real, made, how), Catch::Contains(why));
        CHECK_THROWS_WITH(reconstruction_measures(coarse{}, network, made, how), Catch::Contains(why));
        CHECK(asked == 0);
    };
    refused({.again = {.level = 95}}, "these are 1000 and 95");
    refused({.again = {.times = -1}}, "these are -1 and 0.95");
    refused({.groups = 1}, "evaluating::groups must be 2 or more; it is 1");
    refused({.split = 0}, "evaluating::split must be 1 or more; it is 0");
    CHECK_THROWS_WITH(distances(network, statistics_of(network, points(1, 1)), made),
                      Catch::Contains("2 rows or more; 1 came"));
    CHECK(asked == 0);
    CHECK(distances(network, real, made, {.again = {.times = 2}}).size() == 2);
    CHECK(asked > 0);
}

TEST_CASE("clips of other frames are not compared", "[measures]") {
    const pixels_of_clips network;
    known_statistics real = statistics_of(network, points(10, 1));
    real.from.frames = 16;
    CHECK_THROWS_WITH(distances(network, real, points(10, 2)),
                      Catch::Equals("the statistics of real clips has frames '16', where '1' was asked for"));
}

TEST_CASE("a report has sentences, JSON with protocol, counts and provenance, and a picture", "[measures]") {
    const measured one{.name = "Frechet (item features)",
                       .number = {.value = 0.0745, .low = 0.068, .high = 0.0761, .bias = 0.0031},
                       .level = 0.95,
                       .from = {"item features", "0123", "as they are", 17, 200, 1, "the demo"},
                       .real = "moving fashion",
                       .real_clips = 500};
    CHECK(one.sentence() == "Frechet (item features), 200 clips: 0.0745 (0.0031 of it by the number of clips; without, "
                            "95 %: 0.068 to 0.0761)");
    const measured right{.name = "item",
                         .unit = "%",
                         .number = {.value = 84, .low = 79, .high = 89},
                         .level = 0.95,
                         .from = {.clips = 1}};
    CHECK(right.sentence() == "item, 1 clip: 84 % (95 %: 79 to 89)");

    evaluation all{.as = protocols::ucf_101(), .settings = R"({"seed":1})"};
    all.add({one, right});
    CHECK(all.as.counted(200) == "UCF-101, 200 of 4 x 10000 samples");
    const json read = json::parse("the report", all.json());
    CHECK(read["walt"].string() == version);
    CHECK(read["settings"]["seed"].natural() == 1);
    CHECK(read["protocol"]["samples"]["value"].natural() == 10000);
    CHECK(read["protocol"]["side"]["by"].string() == "paper");
    REQUIRE(read["found"].size() == 2);
    CHECK(read["found"][0]["value"].number() == 0.0745);
    CHECK(read["found"][0]["bias"].number() == 0.0031);
    CHECK(read["found"][0]["clips"].natural() == 200);
    CHECK(read["found"][0]["weights"].string() == "0123");
    CHECK(read["found"][0]["real clips"].natural() == 500);
    CHECK_FALSE(read["found"][1].contains("network"));

    const temporary_folder folder;
    all.write(folder.path / "out");
    const auto text = [&](const char* name) {
        const auto bytes = read_file(folder.path / "out" / name);
        return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    };
    CHECK(text("evaluation.json") == all.json() + "\n");
    const std::string picture = text("evaluation.svg");
    CHECK(picture.find("UCF-101, 200 of 4 x 10000 samples") != std::string::npos);
    CHECK(picture.find("0.0745 (0.0031 of it by the number of clips; without, 95 %: 0.068 to 0.0761)") !=
          std::string::npos);
    CHECK(picture.find("<metadata>{&quot;walt&quot;:") != std::string::npos);
    CHECK(picture.find("width=\"336.0\"") != std::string::npos); // 84 of 100 %
}

TEST_CASE("protocols say whose each value is", "[measures]") {
    for (const protocol& one : protocols::all()) {
        const json read = json::parse(one.name, one.json());
        CHECK(read["name"].string() == one.name);
        read.each([&](const std::string& key, const json& value) {
            if (key == "name") return;
            INFO(one.name << ": " << key);
            const std::string by = value["by"].string();
            CHECK((by == "paper" || by == "MAGVIT" || by == "ADM" || by == "PYoCo" || by == "choice"));
        });
        CHECK((one.samples.value > 0 && one.side.value > 0 && !one.measures.value.empty()));
    }
}
