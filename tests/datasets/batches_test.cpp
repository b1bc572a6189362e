#include "../catch.hpp"

#include <walt/data/batches.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <memory>
#include <set>

namespace {
/// Every pixel of frame f of clip i is i + f / 100; the seed comes with the caption.
struct counted {
    std::int64_t clips;
    int length = 3;

    std::int64_t size() const { return clips; }
    int frames() const { return length; }
    int height() const { return 2; }
    int width() const { return 5; }
    void read(walt::seed seed, std::int64_t index, walt::clip& out) const {
        float* pixels = out.pixels.data();
        for (int f = 0; f < length; ++f)
            for (int p = 0; p < 30; ++p) *pixels++ = static_cast<float>(index) + static_cast<float>(f) / 100.0f;
        out.caption = std::to_string(index) + "@" + std::to_string(seed.value);
    }
};

struct with_frames : counted {
    void read_frame(walt::seed, std::int64_t index, int frame, walt::clip& out) const {
        std::fill_n(out.pixels.data(), 30, static_cast<float>(index) + static_cast<float>(frame) / 100.0f);
        out.caption = "still " + std::to_string(index);
    }
};

int clip_of(float pixel) { return static_cast<int>(pixel + 0.005f); }
int frame_of(float pixel) { return static_cast<int>((pixel - static_cast<float>(clip_of(pixel))) * 100 + 0.5f); }
} // namespace

TEST_CASE("every video comes once in an epoch, and the next epoch has another order and seed") {
    const counted data{23};
    const walt::batches make(data, {.batch = 4, .seed = walt::seed{9}});
    std::vector<int> order;
    std::vector<std::string> captions;
    for (int n = 0; n < 23; ++n) {
        const walt::clips made = make(n);
        CHECK(made.shape == walt::video_shape{4, 3, 2, 5});
        for (std::size_t b = 0; b < 4; ++b) {
            CHECK(made.is_image[b] == 0);
            order.push_back(clip_of(made.pixels[b * 90]));
            captions.push_back(made.captions[b][0]);
            CHECK(made.captions[b] == std::vector<std::string>(3, captions.back()));
            for (std::size_t p = 0; p < 90; ++p) {
                REQUIRE(clip_of(made.pixels[b * 90 + p]) == order.back());
                REQUIRE(frame_of(made.pixels[b * 90 + p]) == static_cast<int>(p / 30));
            }
        }
    }
    for (std::ptrdiff_t epoch = 0; epoch < 4; ++epoch)
        CHECK(std::set<int>(order.begin() + 23 * epoch, order.begin() + 23 * (epoch + 1)).size() == 23);
    CHECK_FALSE(std::equal(order.begin(), order.begin() + 23, order.begin() + 23));
    CHECK(std::set<std::string>(captions.begin(), captions.end()).size() == 92); // a new seed in every epoch
}

TEST_CASE("a batch depends on its number alone, so a run resumes exactly") {
    const with_frames data{{40}};
    const walt::batches once(data, {.batch = 5, .image_rate = 0.3, .seed = walt::seed{4}}),
        again(data, {.batch = 5, .image_rate = 0.3, .seed = walt::seed{4}});
    std::vector<walt::clips> run;
    for (int n = 0; n < 12; ++n) run.push_back(once(n));
    for (int n = 11; n >= 6; --n) {
        const walt::clips resumed = again(n);
        CHECK(resumed.pixels == run[static_cast<std::size_t>(n)].pixels);
        CHECK(resumed.is_image == run[static_cast<std::size_t>(n)].is_image);
        CHECK(resumed.captions == run[static_cast<std::size_t>(n)].captions);
    }
    const walt::batches other(data, {.batch = 5, .image_rate = 0.3, .seed = walt::seed{5}});
    CHECK(other(0).pixels != run[0].pixels);
}

TEST_CASE("stacks of images come at their rate, evenly, and their images come once in an epoch too") {
    const with_frames data{{60}};
    const walt::batches make(data, {.batch = 8, .image_rate = 0.25, .seed = walt::seed{1}});
    std::map<int, int> images, frames;
    for (int n = 0; n < 10; ++n) {
        const walt::clips made = make(n);
        CHECK(std::count(made.is_image.begin(), made.is_image.end(), 1) == 2);
        for (std::size_t b = 0; b < 8; ++b)
            for (std::size_t f = 0; f < 3 && made.is_image[b]; ++f) {
                const float pixel = made.pixels[(b * 3 + f) * 30 + 29];
                ++images[clip_of(pixel)];
                ++frames[frame_of(pixel)];
                CHECK(made.captions[b][f] == "still " + std::to_string(clip_of(pixel)));
            }
    }
    CHECK(images.size() == 60); // 10 batches of 2 stacks of 3 images
    for (const auto& [image, count] : images) CHECK(count == 1);
    CHECK(frames.size() == 3);
}

TEST_CASE("images come from a dataset of their own, or from clips that can only be read whole") {
    const counted videos{7}, clips{9};
    const counted pictures{11, 1};
    const walt::batches own(videos, pictures, {.batch = 3, .image_rate = 1});
    const walt::batches whole(clips, {.batch = 3, .image_rate = 1});
    std::set<int> seen, frames;
    for (int n = 0; n < 3; ++n) {
        const walt::clips a = own(n), b = whole(n);
        CHECK(a.is_image == std::vector<std::uint8_t>{1, 1, 1});
        for (std::size_t f = 0; f < 9; ++f) {
            seen.insert(clip_of(a.pixels[f * 30]));
            CHECK(frame_of(a.pixels[f * 30]) == 0);
            frames.insert(frame_of(b.pixels[f * 30]));
            CHECK(b.captions[f / 3][f % 3].rfind(std::to_string(clip_of(b.pixels[f * 30])) + "@", 0) == 0);
        }
    }
    CHECK(seen.size() == 11);
    CHECK(frames.size() == 3);
}

TEST_CASE("mixing that cannot be done is refused") {
    struct tall : counted {
        int height() const { return 3; }
    };
    const counted videos{7}, none{0};
    const tall images{{7, 1}};
    CHECK_THROWS_AS(walt::batches(videos, {.batch = 0}), walt::error);
    CHECK_THROWS_AS(walt::batches(videos, {.image_rate = 1.5}), walt::error);
    CHECK_THROWS_AS(walt::batches(none), walt::error);
    CHECK_THROWS_WITH(walt::batches(videos, images, {.image_rate = 0.5}), Catch::Matchers::Contains("3 x 5"));
}

TEST_CASE("batches own their datasets: temporaries, and copies of what others let go") {
    const auto made = [] {
        const auto data = std::make_unique<with_frames>(with_frames{{12}});
        return walt::batches(*data, {.batch = 3, .image_rate = 0.5});
    }();
    const walt::batches of_temporaries(with_frames{{12}}, {.batch = 3, .image_rate = 0.5});
    const walt::batches two(counted{12}, counted{12, 1}, {.batch = 3, .image_rate = 0.5});
    for (int n = 0; n < 4; ++n) CHECK(made(n) == of_temporaries(n));
    CHECK(two(0).pixels != two(1).pixels);
}

namespace {
/// Label and number are the clip's index; frame f has the number index + f / 10.
struct told : counted {
    int classes() const { return 7; }
    int numbers() const { return 1; }
    void read(walt::seed seed, std::int64_t index, walt::clip& out) const {
        counted::read(seed, index, out);
        out.label = static_cast<std::int32_t>(index);
        for (std::size_t f = 0; f < out.numbers.size(); ++f)
            out.numbers[f] = static_cast<float>(index) + static_cast<float>(f) / 10.0f;
        out.numbers_valid.back() = 0;
    }
};
} // namespace

TEST_CASE("labels and numbers come with their frames, in videos and in stacks") {
    const walt::batches make(told{{7}}, {.batch = 4, .image_rate = 0.5});
    const walt::batches mixed(told{{7}}, counted{7, 1}, {.batch = 4, .image_rate = 0.5});
    for (int n = 0; n < 6; ++n) {
        const walt::clips a = make(n), b = mixed(n);
        a.check();
        b.check();
        for (std::size_t f = 0; f < 12; ++f) {
            const int clip = clip_of(a.pixels[f * 30]), frame = frame_of(a.pixels[f * 30]);
            CHECK(a.labels[f] == clip);
            CHECK(a.numbers_valid[f] == (frame < 2));
            CHECK(a.numbers[f] == Approx(clip + frame / 10.0));
            if (b.is_image[f / 3])
                CHECK((b.labels[f] == walt::no_label && b.numbers_valid[f] == 0)); // the images have none
            else CHECK(b.labels[f] == clip_of(b.pixels[f * 30]));
        }
    }
}

TEST_CASE("a dataset that breaks its word is told so") {
    struct short_clip : counted {
        void read(walt::seed, std::int64_t, walt::clip& out) const { out.pixels.resize(7); }
    };
    struct wrong_label : counted {
        int classes() const { return 3; }
        void read(walt::seed, std::int64_t, walt::clip& out) const { out.label = 3; }
    };
    struct no_classes : counted {
        void read(walt::seed, std::int64_t, walt::clip& out) const { out.label = 1; }
    };
    struct other_classes : told {
        int classes() const { return 8; }
    };
    CHECK_THROWS_WITH(walt::clip_at(short_clip{{7}}, {}, 0),
                      Catch::Matchers::Contains("7 pixel numbers") && Catch::Matchers::Contains("90"));
    CHECK_THROWS_WITH(walt::clip_at(wrong_label{{7}}, {}, 2),
                      Catch::Matchers::Contains("label 3") && Catch::Matchers::Contains("3 classes"));
    CHECK_THROWS_WITH(walt::read_clips(no_classes{{7}}, {}, 2, 1),
                      Catch::Matchers::Contains("clip 2 has the label 1") && Catch::Matchers::Contains("0 classes"));
    CHECK_THROWS_WITH(walt::batches(told{{7}}, other_classes{{{7}}}),
                      Catch::Matchers::Contains("8 classes") && Catch::Matchers::Contains("of 7"));
    CHECK_THROWS_WITH(walt::read_clips(counted{7}, {}, 5, 3),
                      Catch::Matchers::Contains("5 to 7") && Catch::Matchers::Contains("has 7"));
}

namespace {
/// Fields of two numbers, as `counted` counts them; of every odd clip the last cell of each frame is missing.
struct field : counted {
    int channels() const { return 2; }
    void read(walt::seed, std::int64_t index, walt::clip& out) const {
        for (std::size_t i = 0; i < out.pixels.size(); ++i)
            out.pixels[i] = static_cast<float>(index) + static_cast<float>(i / 20) / 100.0f;
        if (index % 2 == 0) return;
        out.present.assign(out.pixels.size() / 2, 1);
        for (std::size_t i = 9; i < out.present.size(); i += 10) {
            out.present[i] = 0;
            out.pixels[2 * i] = out.pixels[2 * i + 1] = std::numeric_limits<float>::quiet_NaN();
        }
    }
};
} // namespace

TEST_CASE("pixels have as many channels as their dataset says, and missing ones come with their clips") {
    const walt::batches make(field{{8}}, {.batch = 4, .image_rate = 0.5});
    for (int n = 0; n < 6; ++n) {
        const walt::clips made = make(n);
        made.check();
        CHECK(made.shape == walt::video_shape{4, 3, 2, 5, 2});
        for (std::size_t f = 0; f < 12; ++f) { // a video's frames in order, and images cut out of theirs
            const int index = clip_of(made.pixels[f * 20]);
            for (std::size_t i = 0; i < 10 && !made.present.empty(); ++i)
                CHECK(made.present[f * 10 + i] == (index % 2 == 0 || i < 9));
            CHECK(std::isnan(made.pixels[f * 20 + 19]) == (index % 2 == 1));
        }
    }
    const walt::clips all = walt::read_clips(field{{8}}, {}, 0, 8);
    CHECK(all.pixels_present() == 8 * 30 - 4 * 3);
    CHECK(walt::read_clips(field{{8}}, {}, 2, 1).present.empty()); // nothing is missing
    CHECK(walt::read_clips(counted{8}, {}, 0, 1).shape.channels == 3);
}

TEST_CASE("a dataset whose channels or missing pixels do not fit is told so") {
    struct short_mask : counted {
        void read(walt::seed, std::int64_t, walt::clip& out) const { out.present.resize(29); }
    };
    struct no_channels : counted {
        int channels() const { return 0; }
    };
    CHECK_THROWS_WITH(walt::clip_at(short_mask{{7}}, {}, 3),
                      Catch::Matchers::Contains("clip 3") && Catch::Matchers::Contains("29 marks of present pixels") &&
                          Catch::Matchers::Contains("30 were asked for"));
    CHECK_THROWS_WITH(walt::clip_at(no_channels{{7}}, {}, 0), Catch::Matchers::Contains("1 channel or more, not 0"));
    CHECK_THROWS_WITH(walt::batches(field{{7}}, counted{7, 1}, {.image_rate = 0.5}),
                      Catch::Matchers::Contains("images of 3 channels") && Catch::Matchers::Contains("videos of 2"));
}
