#include "../catch.hpp"
#include "idx_files.hpp"

#include <walt/data/halved.hpp>
#include <walt/data/moving_fashion.hpp>
#include <walt/data/read_clips.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <map>
#include <set>
#include <thread>

namespace {
using walt::moving_fashion;
using walt::moving_fashion_label;

/// Clips of simple shapes, so that nothing has to be installed.
struct shapes {
    temporary_folder folder;
    shapes() { write_small_fashion_mnist(folder); }
    moving_fashion clips(int size = 48, int frames = 17, walt::split part = walt::split::train) const {
        return moving_fashion({.size = size, .frames = frames, .split = part, .folder = folder.path});
    }
};

/// Where the coloured thing is, how large it is, and its colour: pixels weighted by how far they are from grey.
struct sight {
    double x = 0, y = 0, weight = 0, rgb[3]{};
};
sight look(const float* frame, int size) {
    sight seen;
    for (int y = 0; y < size; ++y)
        for (int x = 0; x < size; ++x, frame += 3) {
            const auto [low, high] = std::minmax({frame[0], frame[1], frame[2]});
            const double weight = std::max(0.0, static_cast<double>(high - low) - 0.25); // backgrounds stay below
            seen.weight += weight;
            seen.x += weight * x;
            seen.y += weight * y;
            for (int c = 0; c < 3; ++c) seen.rgb[c] += weight * static_cast<double>(frame[c] + 1.0f) / 2;
        }
    seen.x /= seen.weight;
    seen.y /= seen.weight;
    for (double& c : seen.rgb) c /= seen.weight;
    return seen;
}

double hue(double r, double g, double b) {
    const double high = std::max({r, g, b}), range = high - std::min({r, g, b});
    const double sextant = high == r   ? std::fmod((g - b) / range + 6, 6)
                           : high == g ? (b - r) / range + 2
                                       : (r - g) / range + 4;
    return 60 * sextant;
}
double between(double hue_a, double hue_b) { return std::abs(std::remainder(hue_a - hue_b, 360.0)); }

int nearest_colour(double seen) {
    int best = 0;
    for (int c = 1; c < 6; ++c)
        if (between(seen, static_cast<double>(moving_fashion::colour_hue[static_cast<std::size_t>(c)])) <
            between(seen, static_cast<double>(moving_fashion::colour_hue[static_cast<std::size_t>(best)])))
            best = c;
    return best;
}

/// Every clip moves the way its caption says, as far as the path is long, and has the colour that it says.
void check_motion_and_colour(const moving_fashion& data, int count) {
    const int size = data.width(), frames = data.frames();
    for (int i = 0; i < count; ++i) {
        const moving_fashion_label label = data.label(walt::seed{7}, i);
        const walt::clip clip = walt::clip_at(data, walt::seed{7}, i);
        const sight first = look(clip.pixels.data(), size);
        const sight last = look(clip.pixels.data() + std::ptrdiff_t{3} * size * size * (frames - 1), size);
        const double dx = last.x - first.x, dy = last.y - first.y;
        INFO(clip.caption << ": moved by " << dx << ", " << dy << ", hue "
                          << hue(first.rgb[0], first.rgb[1], first.rgb[2]));
        CHECK(std::hypot(dx, dy) == Approx(0.24 * size).epsilon(0.05));
        int best = 0;
        const auto along = [&](int d) {
            const auto& way = moving_fashion::direction_xy[static_cast<std::size_t>(d)];
            return dx * static_cast<double>(way[0]) + dy * static_cast<double>(way[1]);
        };
        for (int d = 1; d < 8; ++d)
            if (along(d) > along(best)) best = d;
        CHECK(best == label.direction);
        CHECK(along(best) > 0.99 * std::hypot(dx, dy));
        CHECK(nearest_colour(hue(first.rgb[0], first.rgb[1], first.rgb[2])) == label.colour);
        CHECK(clip.caption == moving_fashion::caption(label));
    }
}
} // namespace

TEST_CASE("clips are a pure function of seed and index, whatever the thread") {
    const moving_fashion data = shapes().clips(32, 5);
    std::vector<walt::clip> serial;
    for (int i = 0; i < 24; ++i) serial.push_back(walt::clip_at(data, walt::seed{5}, i));
    std::vector<walt::clip> threaded(serial.size());
    std::vector<std::thread> threads;
    for (std::size_t t = 0; t < 4; ++t)
        threads.emplace_back([&, t] {
            for (std::size_t i = t; i < threaded.size(); i += 4)
                threaded[i] = walt::clip_at(data, walt::seed{5}, static_cast<std::int64_t>(i));
        });
    for (std::thread& thread : threads) thread.join();
    for (std::size_t i = 0; i < serial.size(); ++i) {
        CHECK(threaded[i].pixels == serial[i].pixels);
        CHECK(threaded[i].caption == serial[i].caption);
    }
    CHECK(walt::clip_at(data, walt::seed{6}, 0).pixels != serial[0].pixels);
    CHECK(serial[1].pixels != serial[0].pixels);
}

TEST_CASE("pixels fill their range and one frame alone is that frame of the clip") {
    const moving_fashion data = shapes().clips(40, 9);
    const std::ptrdiff_t size = std::ptrdiff_t{3} * 40 * 40;
    for (int i = 0; i < 20; ++i) {
        const walt::clip whole = walt::clip_at(data, walt::seed{3}, i);
        const auto [low, high] = std::minmax_element(whole.pixels.begin(), whole.pixels.end());
        CHECK(*low >= -1.0f);
        CHECK(*high <= 1.0f);
        CHECK(*high > 0.0f);
        const walt::clip still = walt::frame_at(data, walt::seed{3}, i, i % 9);
        CHECK(std::equal(still.pixels.begin(), still.pixels.end(), whole.pixels.begin() + i % 9 * size));
        CHECK(still.caption == moving_fashion::image_caption(data.label(walt::seed{3}, i)));
        CHECK(whole.caption.rfind(still.caption + " moving ", 0) == 0);
        CHECK((whole.label == data.label(walt::seed{3}, i).item && still.label == whole.label));
    }
}

TEST_CASE("every label is as likely, and pictures are of their item") {
    const moving_fashion data = shapes().clips();
    std::map<int, int> items, colours, directions;
    std::set<std::int64_t> pictures;
    const int count = 24000;
    for (int i = 0; i < count; ++i) {
        const moving_fashion_label label = data.label(walt::seed{1}, i);
        ++items[label.item];
        ++colours[label.colour];
        ++directions[label.direction];
        const std::int64_t picture = data.picture(walt::seed{1}, i);
        pictures.insert(picture);
        REQUIRE(int{data.pictures().item[static_cast<std::size_t>(picture)]} == label.item);
    }
    CHECK(pictures.size() == 30);
    std::map<int, int> shown; // of 432 combinations, how many have this item, colour or direction
    for (int c = 0; c < moving_fashion::combinations; ++c) {
        const moving_fashion_label label = moving_fashion::combination(c);
        if (moving_fashion::held_out(label)) continue;
        ++shown[label.item];
        ++shown[100 + label.colour];
        ++shown[200 + label.direction];
    }
    const auto near = [&](int seen, int combinations) {
        return std::abs(seen * 432.0 / count - combinations) < 0.15 * combinations;
    };
    for (const auto& [item, seen] : items) CHECK(near(seen, shown[item]));
    for (const auto& [colour, seen] : colours) CHECK(near(seen, shown[100 + colour]));
    for (const auto& [direction, seen] : directions) CHECK(near(seen, shown[200 + direction]));
    CHECK(items.size() == 10);
    CHECK(colours.size() == 6);
    CHECK(directions.size() == 8);
}

TEST_CASE("48 combinations are held out of training, and every pair of their parts is still seen there") {
    const shapes of;
    const moving_fashion train = of.clips(), held = of.clips(48, 17, walt::split::held_out),
                         all = of.clips(48, 17, walt::split::all);
    std::set<std::string> in_train, in_held, in_all;
    std::set<std::tuple<int, int, int>> pairs;
    for (int i = 0; i < 12000; ++i) {
        const moving_fashion_label label = train.label(walt::seed{2}, i);
        CHECK_FALSE(moving_fashion::held_out(label));
        CHECK(moving_fashion::held_out(held.label(walt::seed{2}, i)));
        in_train.insert(moving_fashion::caption(label));
        in_held.insert(moving_fashion::caption(held.label(walt::seed{2}, i)));
        in_all.insert(moving_fashion::caption(all.label(walt::seed{2}, i)));
        pairs.insert({0, label.item, label.colour});
        pairs.insert({1, label.item, label.direction});
        pairs.insert({2, label.colour, label.direction});
    }
    CHECK(in_train.size() == 432);
    CHECK(in_held.size() == 48);
    CHECK(in_all.size() == 480);
    CHECK(pairs.size() == 60 + 80 + 48);
}

TEST_CASE("captions and labels are each other's inverse") {
    std::set<std::string> captions;
    for (int c = 0; c < moving_fashion::combinations; ++c) {
        const std::string caption = moving_fashion::caption(moving_fashion::combination(c));
        captions.insert(caption);
        CHECK(moving_fashion::parse(caption) == moving_fashion::combination(c));
    }
    CHECK(captions.size() == 480);
    CHECK(moving_fashion::caption({7, 0, 0}) == "a red sneaker moving left");
    CHECK(moving_fashion::caption({1, 4, 5}) == "blue trousers moving up right");
    CHECK_FALSE(moving_fashion::parse("a red sneaker").has_value());
    CHECK_FALSE(moving_fashion::parse("a red sneaker moving left ").has_value());
    for (const std::string_view colour : moving_fashion::colours)
        CHECK(std::string_view("aeiou").find(colour.front()) == std::string_view::npos); // "a", never "an"
}

TEST_CASE("the tables of colours and directions agree with their names") {
    for (std::size_t c = 0; c < 6; ++c) {
        const auto& rgb = moving_fashion::colour_rgb[c];
        CHECK(between(hue(static_cast<double>(rgb[0]), static_cast<double>(rgb[1]), static_cast<double>(rgb[2])),
                      static_cast<double>(moving_fashion::colour_hue[c])) < 0.1);
        for (std::size_t other = 0; other < c; ++other)
            CHECK(between(static_cast<double>(moving_fashion::colour_hue[c]),
                          static_cast<double>(moving_fashion::colour_hue[other])) > 48);
    }
    for (std::size_t d = 0; d < 8; ++d) {
        const std::string_view name = moving_fashion::directions[d];
        const auto has = [&](std::string_view word) { return name.find(word) != std::string_view::npos; };
        const auto& way = moving_fashion::direction_xy[d];
        CHECK(std::hypot(way[0], way[1]) == Approx(1));
        CHECK((way[0] < 0) == has("left"));
        CHECK((way[0] > 0) == has("right"));
        CHECK((way[1] < 0) == has("up"));
        CHECK((way[1] > 0) == has("down"));
    }
}

TEST_CASE("shapes move and are coloured as their captions say") {
    const shapes of;
    check_motion_and_colour(of.clips(48, 17, walt::split::all), 200);
    check_motion_and_colour(of.clips(64, 5), 60);
}

TEST_CASE("paths that go around begin anywhere, and what leaves the frame comes in on the other side") {
    const shapes of;
    const int size = 48, frames = 17;
    const moving_fashion data(
        {.size = size, .frames = frames, .split = walt::split::all, .folder = of.folder.path, .around = true});
    constexpr double turn = 2 * 3.14159265358979;
    const auto place = [&](const float* frame) { // of the coloured thing, as angles, and how much of it is there
        std::complex<double> x, y;
        double weight = 0;
        for (int i = 0; i < size * size; ++i, frame += 3) {
            const auto [low, high] = std::minmax({frame[0], frame[1], frame[2]});
            const double here = std::max(0.0, static_cast<double>(high - low) - 0.25);
            weight += here;
            x += here * std::polar(1.0, turn * (i % size) / size);
            y += here * std::polar(1.0, turn * (i / size) / size);
        }
        return std::array{std::arg(x) / turn * size, std::arg(y) / turn * size, weight};
    };
    int quarters[4] = {};
    for (int i = 0; i < 80; ++i) {
        const walt::clip clip = walt::clip_at(data, walt::seed{7}, i);
        const auto first = place(clip.pixels.data()),
                   last = place(clip.pixels.data() + std::ptrdiff_t{3} * size * size * (frames - 1));
        const double dx = std::remainder(last[0] - first[0], size), dy = std::remainder(last[1] - first[1], size);
        const auto& way =
            moving_fashion::direction_xy[static_cast<std::size_t>(data.label(walt::seed{7}, i).direction)];
        INFO(clip.caption << ": moved by " << dx << ", " << dy);
        CHECK(dx * static_cast<double>(way[0]) + dy * static_cast<double>(way[1]) == Approx(0.24 * size).epsilon(0.08));
        CHECK(last[2] == Approx(first[2]).epsilon(0.08));
        ++quarters[(first[0] < 0) + 2 * (first[1] < 0)];
    }
    for (const int some : quarters) CHECK(some > 8);
}

TEST_CASE("a weave darkens cloth in threads that half the pixels hardly show") {
    const shapes of;
    const auto clips = [&](float weave) {
        const moving_fashion data({.size = 96, .frames = 3, .folder = of.folder.path, .weave = weave});
        return walt::read_clips(data, walt::seed{4}, 0, 4);
    };
    const walt::clips plain = clips(0), woven = clips(0.8f);
    std::size_t equal = 0, half = 0;
    for (std::size_t i = 0; i < plain.pixels.size(); ++i) {
        const float before = plain.pixels[i] + 1, after = woven.pixels[i] + 1;
        CHECK(after <= before + 1e-6f);
        CHECK(after >= 0.03f * before); // both threads at their darkest leave 0.2 x 0.2
        equal += after == before;
        half += after < 0.5f * before;
    }
    CHECK(equal > plain.pixels.size() / 4); // the background
    CHECK(half > plain.pixels.size() / 20);
    const auto rows_differ = [](const walt::clips& of_weave) { // from one row of pixels to the next
        double sum = 0;
        const std::int64_t row = of_weave.shape.width * 3;
        for (std::int64_t i = row; i < of_weave.shape.size(); ++i)
            sum += std::abs(static_cast<double>(of_weave.pixels[static_cast<std::size_t>(i)] -
                                                of_weave.pixels[static_cast<std::size_t>(i - row)]));
        return sum / static_cast<double>(of_weave.shape.size());
    };
    const walt::clips small = walt::halved(walt::halved(woven)), small_plain = walt::halved(walt::halved(plain));
    CHECK(rows_differ(woven) > 2 * rows_differ(plain));
    CHECK(rows_differ(small) < 1.5 * rows_differ(small_plain));
}

TEST_CASE("options that make no clips are refused") {
    const shapes of;
    CHECK_THROWS_WITH(moving_fashion({.folder = of.folder.path, .weave = 1.5f}),
                      Catch::Equals("a weave's depth is 0 to 1; it is 1.5"));
    CHECK_THROWS_AS(of.clips(15), walt::error);
    CHECK_THROWS_AS(of.clips(48, 0), walt::error);
    CHECK(walt::clip_at(of.clips(16, 1), {}, 0).pixels.size() == 16 * 16 * 3);
}

TEST_CASE("real clothes move and are coloured as their captions say") {
    try {
        walt::fashion_mnist_folder();
    } catch (const walt::error& absent) {
        WARN("NOT CHECKED with the real pictures: " << absent.what());
        return;
    }
    check_motion_and_colour(
        moving_fashion({.size = 48, .split = walt::split::all, .pictures = walt::fashion_part::test}), 300);
}
