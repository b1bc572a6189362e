// Moving fashion: generated clips of a tinted piece of clothing that crosses a soft, dim background, with captions.
#pragma once

#include "../core/philox.hpp"
#include "dataset.hpp"
#include "fashion_mnist.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace walt {

/// What a clip shows: indices into moving_fashion::items, colours and directions.
struct moving_fashion_label {
    int item = 0, colour = 0, direction = 0;
    bool operator==(const moving_fashion_label&) const = default;
};

/// Which of the 480 combinations of item, colour and direction appear: 432 in training, 48 never seen there.
enum class split { train, held_out, all };

/// Which clips of moving fashion.
struct fashion_clips {
    int size = 64;   ///< height and width in pixels
    int frames = 17; ///< the whole path is walked whatever their number
    walt::split split = split::train;
    fashion_part pictures = fashion_part::train;
    std::filesystem::path folder = {}; ///< of Fashion-MNIST; empty: see fashion_mnist_folder
    bool around = false; ///< paths begin anywhere, and what leaves the frame comes in on the other side: they never end
    float weave = 0;     ///< depth of threads in the cloth, 0 to 1: detail that half the pixels hardly show
};

/// A dataset (and frame_dataset) of clips such as "a red sneaker moving left".
class moving_fashion {
  public:
    static constexpr std::array<std::string_view, 10> items{"t-shirt", "trousers", "pullover", "dress", "coat",
                                                            "sandal",  "shirt",    "sneaker",  "bag",   "boot"};
    /// Six colours about 60 degrees of hue apart. (Orange would lie 30 degrees from two others.)
    static constexpr std::array<std::string_view, 6> colours{"red", "yellow", "green", "cyan", "blue", "purple"};
    static constexpr std::array<std::array<float, 3>, 6> colour_rgb{{{1.00f, 0.14f, 0.14f},
                                                                     {1.00f, 0.90f, 0.10f},
                                                                     {0.14f, 0.90f, 0.20f},
                                                                     {0.10f, 0.88f, 0.92f},
                                                                     {0.22f, 0.30f, 1.00f},
                                                                     {0.82f, 0.16f, 0.96f}}};
    /// Hue of each colour in degrees.
    static constexpr std::array<float, 6> colour_hue{0.0f, 53.3f, 124.7f, 182.9f, 233.8f, 289.5f};
    static constexpr std::array<std::string_view, 8> directions{"left",    "right",    "up",        "down",
                                                                "up left", "up right", "down left", "down right"};
    static constexpr float diagonal = 0.70710678f;
    /// Unit vectors (x to the right, y downwards).
    static constexpr std::array<std::array<float, 2>, 8> direction_xy{{{-1, 0},
                                                                       {1, 0},
                                                                       {0, -1},
                                                                       {0, 1},
                                                                       {-diagonal, -diagonal},
                                                                       {diagonal, -diagonal},
                                                                       {-diagonal, diagonal},
                                                                       {diagonal, diagonal}}};

    explicit moving_fashion(fashion_clips options = {}) : options_(std::move(options)) {
        require(options_.size >= 16, "moving fashion needs frames of 16 x 16 pixels or more; {} were asked for",
                options_.size);
        require(options_.frames >= 1, "moving fashion needs 1 frame or more; {} were asked for", options_.frames);
        require(options_.weave >= 0 && options_.weave <= 1, "a weave's depth is 0 to 1; it is {}", options_.weave);
        const auto made = std::make_shared<contents>();
        made->pictures = read_fashion_mnist(options_.pictures, options_.folder);
        for (std::int64_t i = 0; i < made->pictures.count(); ++i)
            made->of_item[made->pictures.item[static_cast<std::size_t>(i)]].push_back(i);
        for (std::size_t item = 0; item < items.size(); ++item)
            require(!made->of_item[item].empty(), "this Fashion-MNIST has no picture of a {}", items[item]);
        for (int c = 0; c < combinations; ++c)
            if (options_.split == split::all || held_out(combination(c)) == (options_.split == split::held_out))
                made->shown.push_back(c);
        kept_ = made;
    }

    std::int64_t size() const { return std::int64_t{1} << 40; }
    int frames() const { return options_.frames; }
    int height() const { return options_.size; }
    int width() const { return options_.size; }
    int classes() const { return static_cast<int>(items.size()); }

    /// The raw pictures [count, 28, 28] and their items, for a judge to learn from.
    const fashion_mnist& pictures() const { return kept_->pictures; }

    /// The caption says item, colour and direction; the label is the item.
    void read(walt::seed seed, std::int64_t index, clip& out) const {
        const moving_fashion_label shown = label(seed, index);
        out.caption = caption(shown);
        out.label = shown.item;
        render(shown, picture(seed, index), draws(seed, index), out.pixels.data());
    }

    /// One frame as an image; its caption tells no direction: "a red sneaker".
    void read_frame(walt::seed seed, std::int64_t index, int frame, clip& out) const {
        const moving_fashion_label shown = label(seed, index);
        out.caption = image_caption(shown);
        out.label = shown.item;
        const scene plan = make_scene(shown, picture(seed, index), draws(seed, index));
        draw_background(plan, out.pixels.data());
        draw_picture(plan, frame, out.pixels.data());
    }

    /// What clip `index` shows: every combination of the split is as likely.
    moving_fashion_label label(walt::seed seed, std::int64_t index) const {
        return combination(kept_->shown[draws(seed, index).below(0, static_cast<std::uint32_t>(kept_->shown.size()))]);
    }

    /// Which picture clip `index` shows.
    std::int64_t picture(walt::seed seed, std::int64_t index) const {
        const auto& choice = kept_->of_item[static_cast<std::size_t>(label(seed, index).item)];
        return choice[draws(seed, index).below(1, static_cast<std::uint32_t>(choice.size()))];
    }

    /// A clip [frames, height, width, 3] in [-1, 1] of this label and picture; `numbers` sets background, size and
    /// place.
    void render(const moving_fashion_label& shown, std::int64_t picture, const philox& numbers, float* pixels) const {
        const scene plan = make_scene(shown, picture, numbers);
        const std::int64_t frame_size = std::int64_t{3} * options_.size * options_.size;
        draw_background(plan, pixels);
        for (int f = 1; f < options_.frames; ++f) std::copy_n(pixels, frame_size, pixels + f * frame_size);
        for (int f = 0; f < options_.frames; ++f) draw_picture(plan, f, pixels + f * frame_size);
    }

    /// "a red sneaker moving left"; "red trousers moving up".
    static std::string caption(const moving_fashion_label& shown) {
        return fmt::format("{} moving {}", image_caption(shown), directions[static_cast<std::size_t>(shown.direction)]);
    }
    /// "a red sneaker". No colour starts with a vowel.
    static std::string image_caption(const moving_fashion_label& shown) {
        const std::string_view item = items[static_cast<std::size_t>(shown.item)];
        return fmt::format("{}{} {}", item == "trousers" ? "" : "a ", colours[static_cast<std::size_t>(shown.colour)],
                           item);
    }
    /// The label whose caption this is.
    static std::optional<moving_fashion_label> parse(std::string_view text) {
        for (int c = 0; c < combinations; ++c)
            if (caption(combination(c)) == text) return combination(c);
        return std::nullopt;
    }

    /// Whether training never shows this combination: the 48 with the smallest hash.
    static bool held_out(const moving_fashion_label& shown) {
        static const std::array<bool, combinations> chosen = [] {
            std::array<std::pair<std::uint32_t, int>, combinations> order;
            for (int c = 0; c < combinations; ++c)
                order[static_cast<std::size_t>(c)] = {philox{0x68656c64}.bits(static_cast<std::uint64_t>(c)), c};
            std::sort(order.begin(), order.end());
            std::array<bool, combinations> first{};
            for (std::size_t i = 0; i < combinations / 10; ++i) first[static_cast<std::size_t>(order[i].second)] = true;
            return first;
        }();
        return chosen[static_cast<std::size_t>((shown.item * 6 + shown.colour) * 8 + shown.direction)];
    }

    static constexpr int combinations = 480;
    static constexpr moving_fashion_label combination(int c) { return {c / 48, c / 8 % 6, c % 8}; }

  private:
    struct contents {
        fashion_mnist pictures;
        std::array<std::vector<std::int64_t>, 10> of_item; // pictures of each item
        std::vector<int> shown;                            // combinations of this split
    };

    static constexpr int side = fashion_mnist::side, margin = 1, padded = 32; // 28 + a border of zeros, rows of 32

    struct scene {
        float value[(side + 2 * margin) * padded]; // the tint's brightness, already multiplied by alpha
        float alpha[(side + 2 * margin) * padded];
        std::array<float, 3> tint, corner, right, down; // background: corner + x right + y down
        float x, y;                                     // the picture's centre in the middle of its path
        float step_x, step_y;                           // pixels per frame
        float scale;                                    // pixels per picture element
    };

    static philox draws(walt::seed seed, std::int64_t index) {
        return {seed.value ^ 0x6d6f76696e67u,
                static_cast<std::uint64_t>(index)}; // not the numbers of others with this seed
    }

    scene make_scene(const moving_fashion_label& shown, std::int64_t picture, const philox& numbers) const {
        int draws = 4; // 0 and 1 chose label and picture
        const auto between = [&](float low, float high) {
            return low + (high - low) * numbers.uniform(static_cast<std::uint64_t>(draws++));
        };
        scene plan{};
        const std::uint8_t* grey = kept_->pictures.picture(picture);
        for (int i = 0; i < side; ++i)
            for (int j = 0; j < side; ++j) {
                const int g = grey[i * side + j], at = (i + margin) * padded + j + margin;
                plan.alpha[at] = g > 5 ? 1.0f : 0.0f;
                plan.value[at] = g > 5 ? 0.32f + 0.68f / 255.0f * static_cast<float>(g) : 0.0f;
            }
        plan.tint = colour_rgb[static_cast<std::size_t>(shown.colour)];

        const float pixels = static_cast<float>(options_.size);
        plan.scale = between(0.68f, 0.76f) * pixels / static_cast<float>(side);
        plan.x = (0.5f + between(-0.02f, 0.02f)) * pixels;
        plan.y = (0.5f + between(-0.02f, 0.02f)) * pixels;
        const float step = options_.frames > 1 ? 0.24f * pixels / static_cast<float>(options_.frames - 1) : 0.0f;
        plan.step_x = step * direction_xy[static_cast<std::size_t>(shown.direction)][0];
        plan.step_y = step * direction_xy[static_cast<std::size_t>(shown.direction)][1];

        const detail::sine_cosine angle = detail::turn(between(0.0f, 1.0f));
        const float from = between(0.10f, 0.26f), to = between(0.10f, 0.26f);
        const float reach =
            pixels * (std::abs(angle.cosine) + std::abs(angle.sine)); // of the gradient across the frame
        for (std::size_t c = 0; c < 3; ++c) {
            const float first = from + between(-0.025f, 0.025f), change = to + between(-0.025f, 0.025f) - first;
            plan.right[c] = 2.0f * change * angle.cosine / reach;
            plan.down[c] = 2.0f * change * angle.sine / reach;
            plan.corner[c] =
                2.0f * (first + 0.5f * change) - 1.0f - 0.5f * (pixels - 1.0f) * (plan.right[c] + plan.down[c]);
        }
        if (options_.around) {
            plan.x += pixels * between(0.0f, 1.0f);
            plan.y += pixels * between(0.0f, 1.0f);
        }
        return plan;
    }

    void draw_background(const scene& plan, float* pixels) const {
        const std::size_t row = 3 * static_cast<std::size_t>(options_.size);
        std::vector<float> top(row), down(row);
        for (std::size_t i = 0; i < row; ++i) {
            top[i] = plan.corner[i % 3] + static_cast<float>(i / 3) * plan.right[i % 3];
            down[i] = plan.down[i % 3];
        }
        const float *const first = top.data(), *const slope = down.data();
        for (int y = 0; y < options_.size; ++y, pixels += row)
            for (std::size_t i = 0; i < row; ++i) pixels[i] = first[i] + static_cast<float>(y) * slope[i];
    }

    /// Where pixels [first, last) of one axis fall on the padded picture.
    struct axis {
        int first, last;
        float start, step; // pixel p lies at start + p step

        axis(float centre, float scale, int pixels) : step(1.0f / scale) {
            start = (0.5f - centre) * step + 0.5f * static_cast<float>(side) - 0.5f + static_cast<float>(margin);
            first = std::max(0, static_cast<int>(std::ceil(-start * scale)));
            last = std::min(pixels, static_cast<int>(std::ceil((static_cast<float>(side + margin) - start) * scale)));
        }
        float at(int p) const { // clamped against rounding at both ends
            return std::clamp(start + static_cast<float>(p) * step, 0.0f, static_cast<float>(side + margin) - 1e-3f);
        }
    };

    /// Of the picture's elements, down; across it is twice as much. In frames of 96 pixels these are 4 and 8.
    static constexpr float thread = 1.6f;
    /// What the weave leaves of the light at a place of the picture: a thread is lightest in its middle.
    float weave(float place, float period) const {
        const detail::sine_cosine at = detail::turn(place / period - std::floor(place / period));
        return 1.0f - 0.5f * options_.weave * (1.0f - at.cosine);
    }
    std::vector<float> weave(const axis& of, float period) const {
        std::vector<float> light;
        for (int p = of.first; p < of.last; ++p) light.push_back(weave(of.at(p), period));
        return light;
    }

    void draw_picture(const scene& plan, int frame, float* pixels) const {
        const float moved = static_cast<float>(frame) - 0.5f * static_cast<float>(options_.frames - 1);
        const float x = plan.x + moved * plan.step_x, y = plan.y + moved * plan.step_y;
        if (!options_.around) return draw_picture(plan, x, y, pixels);
        const float extent = static_cast<float>(options_.size);
        const float left = x - extent * std::floor(x / extent), top = y - extent * std::floor(y / extent);
        for (const float down :
             {top - extent, top, top + extent}) // a picture is smaller than the frame: no copies meet
            for (const float right : {left - extent, left, left + extent}) draw_picture(plan, right, down, pixels);
    }

    /// The picture with its middle at (centre_x, centre_y), as much of it as lies in the frame.
    void draw_picture(const scene& plan, float centre_x, float centre_y, float* pixels) const {
        const axis across(centre_x, plan.scale, options_.size);
        const axis along(centre_y, plan.scale, options_.size);
        const std::vector<float> columns = weave(across, 2 * thread);
        float value[padded], alpha[padded];
        for (int y = along.first; y < along.last; ++y) {
            const float v = along.at(y);
            const int above = static_cast<int>(v) * padded;
            const float part = v - std::floor(v);
            const float light_of_row = weave(v, thread);
            for (int i = 0; i < padded; ++i) {
                value[i] = plan.value[above + i] + part * (plan.value[above + padded + i] - plan.value[above + i]);
                alpha[i] = plan.alpha[above + i] + part * (plan.alpha[above + padded + i] - plan.alpha[above + i]);
            }
            float* pixel = pixels + std::int64_t{3} * (std::int64_t{y} * options_.size + across.first);
            for (int x = across.first; x < across.last; ++x, pixel += 3) {
                const float u = across.at(x);
                const int left = static_cast<int>(u);
                const float beside = u - static_cast<float>(left);
                const float a = alpha[left] + beside * (alpha[left + 1] - alpha[left]);
                const float light = 2.0f * light_of_row * columns[static_cast<std::size_t>(x - across.first)] *
                                    (value[left] + beside * (value[left + 1] - value[left]));
                for (std::size_t c = 0; c < 3; ++c) pixel[c] = pixel[c] * (1.0f - a) - a + light * plan.tint[c];
            }
        }
    }

    fashion_clips options_;
    std::shared_ptr<const contents> kept_; // copies of the dataset share it
};
static_assert(frame_dataset<moving_fashion>);

} // namespace walt
