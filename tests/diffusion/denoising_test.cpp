// The training objective: what it draws and feeds to the network, seen by a network that only records; what it refuses.
#include "../catch.hpp"

#include <walt/diffusion/denoising.hpp>
#include <walt/reference.hpp>
#include <walt/train/objective.hpp>

#include <limits>

using namespace walt;

namespace {

struct all_inputs : denoiser_config {
    static constexpr int frames = 4, height = 2, width = 2, channels = 2, hidden = 8, heads = 2, depth = 1;
    static constexpr int text_dim = 2, text_tokens = 1;
    static constexpr bool frame_prediction = true, super_resolution = true;
};
struct with_labels : denoiser_config {
    static constexpr int frames = 4, height = 2, width = 2, channels = 2, hidden = 8, heads = 2, depth = 1,
                         classes = 10;
    static constexpr bool self_conditioning = false;
};

struct with_numbers : denoiser_config {
    static constexpr int frames = 4, height = 2, width = 2, channels = 2, hidden = 8, heads = 2, depth = 1, numbers = 2;
};

template <class T, class V> std::vector<T> copy(const V& from) { return {from.data(), from.data() + from.size()}; }

/// Stands where a denoiser stands: answers v = 0.25 everywhere, and keeps what it was asked and the gradient it got.
template <class Config> struct recorder {
    using config_type = Config;
    using A = double;
    struct call {
        std::vector<double> noisy, estimate, known, mask, low;
        std::vector<std::int32_t> step, label, text_row, low_step;
    };
    struct saved {
        saved(arena&, std::int64_t, std::int64_t, activations) {}
    };
    void forward(const denoiser_input<double, Config>& in, auto v, saved&) {
        std::fill_n(v.data(), v.size(), 0.25);
        calls.push_back({copy<double>(in.noisy),
                         in.self_condition ? copy<double>(in.self_condition) : std::vector<double>{},
                         in.known ? copy<double>(in.known) : std::vector<double>{}, copy<double>(in.mask),
                         copy<double>(in.low_resolution), copy<std::int32_t>(in.step), copy<std::int32_t>(in.label),
                         copy<std::int32_t>(in.text_row), copy<std::int32_t>(in.low_resolution_step)});
    }
    void backward(const auto&, saved&, auto from, const gradients<double>&) { dv = copy<double>(from); }
    reference::context ctx;
    std::vector<call> calls;
    std::vector<double> dv;

    reference::context& context() { return ctx; }
    walt::weights<double> weights() { return {}; }
};

constexpr int F = 4, frame = 8, samples = 64; // the first half videos, the second half stacks of images

template <class Config> latents drawn() {
    latents batch;
    batch.shape = {samples, F, Config::height, Config::width, Config::channels};
    for (std::uint64_t i = 0; i < std::uint64_t{samples} * F * frame; ++i)
        batch.values.push_back(philox{5, 0}.normal(i));
    for (int b = 0; b < samples; ++b) batch.is_image.push_back(b >= samples / 2);
    for (int f = 0; f < samples * F; ++f) {
        if (Config::classes > 0) batch.labels.push_back(3);
        if (Config::text_dim > 0) batch.text.row.push_back(1);
    }
    if (Config::text_dim > 0) {
        batch.text.tokens = 1;
        batch.text.dim = 2;
        batch.text.vectors = {0, 0, 1, 2};
        batch.text.valid = {0, 1};
    }
    if (Config::super_resolution) batch.low_resolution.assign(batch.values.size() / 4, 0.5f);
    return batch;
}

template <class Config> double run(recorder<Config>& model, const denoising& objective, std::uint64_t stream = 0) {
    model.calls.clear();
    return loss_of(objective, model, drawn<Config>(), gradients<double>{}, philox{11, stream});
}

} // namespace

TEST_CASE("videos have one step, stacked images one each, drawn evenly; the input is x_t", "[denoising]") {
    recorder<with_labels> model;
    const noise_schedule schedule;
    double sum = 0, video_changes = 0, image_changes = 0, residual_mean = 0, residual_squares = 0;
    int least = 999, most = 0;
    for (std::uint64_t stream = 0; stream < 50; ++stream) {
        run(model, {}, stream);
        REQUIRE(model.calls.size() == 1); // this config has no self-conditioning
        const auto& in = model.calls[0];
        const latents batch = drawn<with_labels>();
        for (std::size_t i = 0; i < in.step.size(); ++i) {
            sum += in.step[i];
            least = std::min(least, in.step[i]);
            most = std::max(most, in.step[i]);
            if (i % F) (i / F < samples / 2 ? video_changes : image_changes) += in.step[i] != in.step[i - 1];
            const double gamma = schedule.gamma(in.step[i]);
            for (std::size_t e = i * frame; e < (i + 1) * frame; ++e) {
                const double eps =
                    (in.noisy[e] - std::sqrt(gamma) * static_cast<double>(batch.values[e])) / std::sqrt(1 - gamma);
                residual_mean += eps;
                residual_squares += eps * eps;
            }
        }
    }
    const double frames = 50.0 * samples * F, elements = frames * frame;
    CHECK(sum / frames == Approx(499.5).margin(15)); // uniform
    CHECK(least < 10);
    CHECK(most > 989);
    CHECK(video_changes == 0);
    CHECK(image_changes > 0.98 * 50 * samples / 2 * (F - 1));
    CHECK(residual_mean / elements == Approx(0).margin(0.01)); // standard normal noise
    CHECK(residual_squares / elements == Approx(1).epsilon(0.01));
}

TEST_CASE("logit-normal steps have the median and spread asked for", "[denoising]") {
    const step_distribution steps{.logit_normal = true, .mean = -1.0f, .deviation = 0.5f};
    std::vector<int> all;
    for (std::uint64_t i = 0; i < 20'001; ++i) all.push_back(steps.draw(philox{1, 1}, i));
    std::sort(all.begin(), all.end());
    const auto level = [](double logit) { return 1000 / (1 + std::exp(-logit)); };
    CHECK(all[10'000] == Approx(level(-1)).margin(6));
    CHECK(all[3'173] == Approx(level(-1.5)).margin(6)); // one deviation below: 15.87 % of the draws
    CHECK(all[16'827] == Approx(level(-0.5)).margin(8));
    CHECK(all.front() >= 0);
    CHECK(all.back() <= 999);
}

TEST_CASE("a condition is dropped from whole videos and from single images, at the rate asked for", "[denoising]") {
    recorder<with_labels> model;
    denoising objective;
    objective.condition_drop = 0.25f;
    double dropped = 0, uneven_videos = 0, uneven_stacks = 0;
    for (std::uint64_t stream = 0; stream < 50; ++stream) {
        run(model, objective, stream);
        const auto& label = model.calls[0].label;
        for (std::size_t b = 0; b < samples; ++b) {
            const auto nulls = std::count(label.begin() + static_cast<std::ptrdiff_t>(b) * F,
                                          label.begin() + static_cast<std::ptrdiff_t>(b + 1) * F, 10);
            dropped += static_cast<double>(nulls);
            (b < samples / 2 ? uneven_videos : uneven_stacks) += nulls != 0 && nulls != F;
        }
        CHECK(static_cast<std::size_t>(std::count(label.begin(), label.end(), 10) +
                                       std::count(label.begin(), label.end(), 3)) == label.size());
    }
    CHECK(dropped / (50.0 * samples * F) == Approx(0.25).margin(0.02));
    CHECK(uneven_videos == 0);
    CHECK(uneven_stacks > 0);
}

TEST_CASE("known frames: one or two of a video's first, clean, none of an image's, and out of the loss",
          "[denoising]") {
    recorder<all_inputs> model;
    denoising objective;
    CHECK((objective.knows.first == 0.15f && objective.knows.first_two == 0.15f && objective.knows.ends == 0)); // 15
    objective.knows = {.first = 0.3f, .first_two = 0.3f};
    objective.self_conditioning_rate = 0;
    const latents batch = drawn<all_inputs>();
    const noise_schedule schedule;
    double ones = 0, twos = 0;
    for (std::uint64_t stream = 0; stream < 40; ++stream) {
        const double loss = run(model, objective, stream);
        const auto& in = model.calls.at(0);
        double squares = 0, count = 0;
        for (std::size_t b = 0; b < samples; ++b) {
            const std::vector<double> mask(in.mask.begin() + static_cast<std::ptrdiff_t>(b) * F,
                                           in.mask.begin() + static_cast<std::ptrdiff_t>(b + 1) * F);
            const double known = mask[0] + mask[1];
            REQUIRE(mask == std::vector<double>{double(known > 0), double(known > 1), 0, 0});
            if (b >= samples / 2) REQUIRE(known == 0);
            ones += known == 1;
            twos += known == 2;
        }
        for (std::size_t e = 0; e < in.noisy.size(); ++e) {
            REQUIRE(in.known[e] == static_cast<double>(batch.values[e]));
            const double gamma = schedule.gamma(in.step[e / frame]), x0 = static_cast<double>(batch.values[e]);
            const double eps = (in.noisy[e] - std::sqrt(gamma) * x0) / std::sqrt(1 - gamma);
            const double off = 0.25 - (std::sqrt(gamma) * eps - std::sqrt(1 - gamma) * x0),
                         weight = 1 - in.mask[e / frame];
            squares += weight * off * off;
            count += weight;
        }
        CHECK(loss == Approx(squares / count).epsilon(1e-6));
        for (std::size_t e = 0; e < model.dv.size(); ++e) REQUIRE((model.dv[e] == 0) == (in.mask[e / frame] == 1));
    }
    CHECK((ones + twos) / (40.0 * samples / 2) == Approx(0.6).margin(0.05));
    CHECK(ones / (ones + twos) == Approx(0.5).margin(0.06));
}

TEST_CASE("known frames have the probabilities that they are given; Kinetics-600 knows two of five, always",
          "[denoising]") {
    const auto share = [](const knowing& of, int F, const std::vector<float>& mask) {
        double found = 0;
        for (std::uint64_t i = 0; i < 4000; ++i)
            found += of.mask(F, philox{1, 2}.uniform(i), philox{1, 3}.uniform(i)) == mask;
        return found / 4000;
    };
    const knowing often{.first = 0.2f, .first_two = 0.3f, .ends = 0.1f};
    CHECK(share(often, 5, {1, 0, 0, 0, 0}) == Approx(0.2).margin(0.02));
    CHECK(share(often, 5, {1, 1, 0, 0, 0}) == Approx(0.3).margin(0.02));
    CHECK(share(often, 5, {1, 0, 0, 0, 1}) == Approx(0.1).margin(0.02));
    CHECK(share(often, 5, {0, 0, 0, 0, 0}) == Approx(0.4).margin(0.02));
    CHECK(share(presets::kinetics_600_knows, 5, {1, 1, 0, 0, 0}) == 1);
    CHECK(share(often, 2, {1, 0}) == Approx(0.2).margin(0.02)); // all of two frames are never known
    CHECK(share(often, 2, {0, 0}) == Approx(0.8).margin(0.02));
    CHECK(share(often, 1, {0}) == 1);
    const knowing too_often{.first = 0.6f, .first_two = 0.6f}, negative{.ends = -0.5f};
    CHECK_THROWS_WITH(check_options(too_often), Catch::Contains("0.6, 0.6 and 0"));
    CHECK_THROWS_WITH(check_options(negative), Catch::Contains("knowing::ends must be 0 to 1; it is -0.5"));
}

TEST_CASE("the low-resolution latent is noised to a level of its own, up to the highest asked for", "[denoising]") {
    recorder<all_inputs> model;
    denoising objective;
    objective.low_resolution_noise = 200;
    const noise_schedule schedule;
    double sum = 0, mean = 0, squares = 0;
    for (std::uint64_t stream = 0; stream < 60; ++stream) {
        run(model, objective, stream);
        const auto& in = model.calls.back();
        for (std::size_t b = 0; b < samples; ++b) {
            REQUIRE(in.low_step[b] >= 0);
            REQUIRE(in.low_step[b] <= 200);
            sum += in.low_step[b];
            const double gamma = schedule.gamma(in.low_step[b]);
            for (std::size_t e = b * F * frame / 4; e < (b + 1) * F * frame / 4; ++e) {
                const double eps = (in.low[e] - std::sqrt(gamma) * 0.5) / std::sqrt(1 - gamma);
                mean += eps;
                squares += eps * eps;
            }
        }
    }
    CHECK(sum / (60.0 * samples) == Approx(100).margin(4));
    const double elements = 60.0 * samples * F * frame / 4;
    CHECK(mean / elements == Approx(0).margin(0.03));
    CHECK(squares / elements == Approx(1).margin(0.03));

    std::array<int, 3> times{};
    objective.low_resolution_noise = 2;
    run(model, objective);
    for (const std::int32_t level : model.calls.back().low_step) ++times[static_cast<std::size_t>(level)];
    for (const int some : times) CHECK(some > samples / 6); // 0, 1 and 2
    objective.low_resolution_noise = 0;
    run(model, objective);
    CHECK(model.calls.back().low_step == std::vector<std::int32_t>(samples, 0));
}

TEST_CASE("self-conditioning feeds the estimate of a first pass, in the share of the batches asked for",
          "[denoising]") {
    recorder<all_inputs> model;
    denoising objective;
    objective.self_conditioning_rate = 0.7f;
    const noise_schedule schedule;
    int twice = 0;
    for (std::uint64_t stream = 0; stream < 300; ++stream) {
        run(model, objective, stream);
        if (model.calls.size() == 1) {
            CHECK(model.calls[0].estimate.empty());
            continue;
        }
        ++twice;
        REQUIRE(model.calls.size() == 2);
        CHECK(model.calls[0].estimate.empty());
        CHECK(model.calls[0].noisy == model.calls[1].noisy);
        const auto& in = model.calls[1];
        for (std::size_t e = 0; e < in.noisy.size(); ++e) {
            if (in.mask[e / frame] == 1) continue;
            const double gamma = schedule.gamma(in.step[e / frame]);
            REQUIRE(in.estimate[e] ==
                    Approx(std::sqrt(gamma) * in.noisy[e] - std::sqrt(1 - gamma) * 0.25).margin(1e-9));
        }
    }
    CHECK(twice / 300.0 == Approx(0.7).margin(0.08));
}

TEST_CASE("the estimate of a known frame is the frame itself, in training as in sampling", "[denoising]") {
    recorder<all_inputs> model;
    denoising objective;
    objective.self_conditioning_rate = 1;
    objective.knows = {.first = 1, .first_two = 0};
    run(model, objective);
    REQUIRE(model.calls.size() == 2);
    const latents batch = drawn<all_inputs>();
    const auto& in = model.calls[1];
    int known = 0;
    for (std::size_t e = 0; e < in.noisy.size(); ++e) {
        if (in.mask[e / frame] == 0) {
            REQUIRE(in.estimate[e] != static_cast<double>(batch.values[e]));
            continue;
        }
        ++known;
        REQUIRE(in.estimate[e] == static_cast<double>(batch.values[e]));
    }
    CHECK(known == samples / 2 * frame); // a frame of each video
}

TEST_CASE("the numbers of a frame that has none may be anything", "[denoising]") {
    reference::context ctx;
    latents batch = drawn<with_labels>();
    const float nan = std::numeric_limits<float>::quiet_NaN();
    for (int f = 0; f < samples * F; ++f) {
        batch.numbers_valid.push_back(f % 3 != 0);
        batch.numbers.insert(batch.numbers.end(), 2, f % 3 != 0 ? 0.5f : nan);
    }
    const auto input = conditions_on_device<with_numbers, double>(ctx, ctx.arena, batch);
    for (int f = 0; f < samples * F; ++f) // what is multiplied with 0 must be a number
        for (int i = 0; i < 2; ++i) REQUIRE(input.numbers(f, i) == (f % 3 != 0 ? 0.5 : 0.0));
}

TEST_CASE("a batch that does not fit the model is refused with both numbers", "[denoising]") {
    recorder<all_inputs> texts;
    recorder<with_labels> classes;
    const auto refuses = [](auto& model, auto change, const char* first, const char* second) {
        using config = typename std::decay_t<decltype(model)>::config_type;
        latents batch = drawn<config>();
        change(batch);
        CHECK_THROWS_WITH(loss_of(denoising{}, model, batch, gradients<double>{}, philox{}),
                          Catch::Contains(first) && Catch::Contains(second));
    };
    refuses(
        classes, [](auto& b) { b.shape.count = 0; }, "1 or more", "0 x 4");
    refuses(
        classes, [](auto& b) { b.values.pop_back(); }, "2048 latent numbers", "2047 came");
    refuses(
        classes, [](auto& b) { b.labels.clear(); }, "256 labels", "0 came");
    refuses(
        classes, [](auto& b) { b.labels[7] = 10; }, "0 to 9", "10 came"); // as of labels that count from 1
    refuses(
        classes, [](auto& b) { b.labels[7] = -2; }, "0 to 9", "-2 came");
    refuses(
        texts, [](auto& b) { b.text.valid.clear(); }, "1 text or more", "0 positions");
    refuses(
        texts, [](auto& b) { b.text.vectors.pop_back(); }, "4 text numbers", "3 came");
    refuses(
        texts, [](auto& b) { b.text.row.pop_back(); }, "256 text rows", "255 came");
    refuses(
        texts, [](auto& b) { b.text.row[3] = 2; }, "2 texts", "no text 2");
    refuses( // what frames without a text are to have
        texts, [](auto& b) { b.text.valid[0] = 1; }, "frames that are told nothing have text 0", "valid position 0");
    refuses(
        texts, [](auto& b) { b.low_resolution.pop_back(); }, "512 low-resolution", "511 came");
}
