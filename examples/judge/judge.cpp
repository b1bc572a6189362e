// The judge's training and use.
#include "judge.hpp"

#include <walt/train/ema.hpp>
#include <walt/train/save_to.hpp>

namespace judge {

namespace {

using walt::bf16, walt::dynamic, walt::view;

struct device_windows {
    view<bf16, dynamic, dynamic, dynamic, dynamic, 1> x;
    view<float, dynamic, item_network::items> logits;
};

/// Windows on the device, and room for their logits.
device_windows take_windows(walt::cpu::context& ctx, const std::vector<float>& seen) {
    const std::int64_t count = static_cast<std::int64_t>(seen.size()) / (window * window);
    const device_windows made{ctx.arena.take<bf16, dynamic, dynamic, dynamic, dynamic, 1>(count, 1, window, window),
                              ctx.arena.take<float, dynamic, item_network::items>(count)};
    for (std::size_t i = 0; i < seen.size(); ++i) made.x.data()[i] = bf16(seen[i]);
    return made;
}

/// Log-probabilities of a window.
std::array<float, item_network::items> log_softmax(const device_windows& of, std::int64_t n) {
    std::array<float, item_network::items> out{};
    for (std::size_t k = 0; k < out.size(); ++k) out[k] = of.logits(n, k);
    const float top = *std::max_element(out.begin(), out.end());
    float sum = 0;
    for (const float logit : out) sum += std::exp(logit - top);
    for (float& logit : out) logit -= top + std::log(sum);
    return out;
}

/// Each pixel becomes the mean of its 3 x 3 neighbourhood.
void soften(float* frame) {
    constexpr int row = 3 * side;
    const std::vector<float> sharp(frame, frame + frame_size);
    for (int y = 1; y + 1 < side; ++y)
        for (int i = y * row + 3; i < (y + 1) * row - 3; ++i) {
            const float* const at = sharp.data() + i;
            float sum = 0;
            for (const float* line : {at - row, at, at + row}) sum += line[-3] + line[0] + line[3];
            frame[i] = sum / 9.0f;
        }
}

/// Batch n: single frames of clips that show any picture, combination, place and background. Half of them are softened
/// and the window is moved a little, since generated frames are less sharp and whole than rendered ones.
window_batch training_batch(const walt::moving_fashion& clips, int count, std::int64_t n) {
    window_batch made;
    made.seen.resize(static_cast<std::size_t>(count * window * window));
    float* seen = made.seen.data();
    for (std::int64_t i = n * count; i < (n + 1) * count; ++i, seen += window * window) {
        const walt::philox numbers{2, static_cast<std::uint64_t>(i)};
        const auto below = [&](std::uint64_t draw, int limit) {
            return static_cast<int>(numbers.below(draw, static_cast<std::uint32_t>(limit)));
        };
        walt::clip frame = walt::frame_at(clips, walt::seed{1}, i, below(0, clips.frames()));
        if (below(1, 2) == 0) soften(frame.pixels.data());
        look(frame.pixels.data(), below(2, 3) - 1, below(3, 3) - 1, seen);
        if (below(4, 2) == 0) // clothes have two sides
            for (int y = 0; y < window; ++y) std::reverse(seen + y * window, seen + (y + 1) * window);
        made.item.push_back(frame.label);
    }
    return made;
}

} // namespace

void look(const float* frame, int dx, int dy, float* seen) {
    const position middle = centroid_of(frame, side, side).value_or(position{0.5 * (side - 1), 0.5 * (side - 1)});
    const auto corner = [](double centre, int moved) {
        return std::clamp(static_cast<int>(std::lround(centre - 0.5 * (window - 1))) + moved, 0, side - window);
    };
    const int left = corner(middle.x, dx), top = corner(middle.y, dy);
    for (int y = top; y < top + window; ++y)
        for (int x = left; x < left + window; ++x) *seen++ = static_cast<float>(chroma(frame + 3 * (y * side + x)));
}

void cross_entropy::operator()(const item_model& model, const window_batch& batch, walt::gradients<float> g,
                               walt::philox, walt::view<float, 1> loss) const {
    auto& ctx = model.context();
    const walt::arena::scope scope(ctx.arena);
    const device_windows of = take_windows(ctx, batch.seen);
    const item_network::saved<bf16> keep(ctx.arena, walt::size_of(of.x));
    model.network().forward(ctx, model.weights(), of.x, keep, of.logits);

    const std::int64_t count = of.logits.extent(0);
    const auto dlogits = ctx.arena.take<bf16, dynamic, item_network::items>(count);
    double sum = 0;
    for (std::int64_t n = 0; n < count; ++n) {
        const auto logs = log_softmax(of, n);
        const auto item = static_cast<std::size_t>(batch.item[static_cast<std::size_t>(n)]);
        sum -= static_cast<double>(logs[item]) / static_cast<double>(count);
        for (std::size_t k = 0; k < logs.size(); ++k)
            dlogits(n, k) = bf16((std::exp(logs[k]) - (k == item ? 1.0f : 0.0f)) / static_cast<float>(count));
    }
    model.network().backward(ctx, model.weights(), of.x, keep, dlogits, g);
    loss(0) = static_cast<float>(sum);
}

item_judge::item_judge(walt::cpu::context& ctx, const std::filesystem::path& folder, std::int64_t steps)
    : model_(ctx, walt::seed{1}) {
    const std::filesystem::path file = folder / "judge.safetensors";
    if (std::filesystem::exists(file)) {
        walt::load_weights(file, model_);
        return;
    }
    // All combinations: the judge must have no blind spot where the demo's models are tested.
    const walt::moving_fashion clips({.size = side, .split = walt::split::all, .pictures = walt::fashion_part::train});
    walt::trainer train(model_, cross_entropy{}, walt::adamw{.learning_rate = 2e-3f, .weight_decay = 0.05f},
                        walt::training{.rate = {.warmup = 100, .total = steps}});
    walt::ema average(model_, {.decay = 0.99f});
    const auto batches = [&](std::int64_t n) { return training_batch(clips, 64, n); };
    const bool done = train.run(batches, walt::steps{steps}, average, walt::save_to{folder});
    walt::require(done, "the judge's training was interrupted; start again to go on with it");
    model_.assign(average.model().host_masters());
    walt::save_weights<float>(file, model_);
}

std::vector<float> item_judge::log_probabilities(const float* pixels, int frames) const {
    auto& ctx = model_.context();
    const walt::arena::scope scope(ctx.arena);
    std::vector<float> seen(static_cast<std::size_t>(frames * window * window));
    for (int f = 0; f < frames; ++f) look(pixels + f * frame_size, 0, 0, seen.data() + f * window * window);
    const device_windows of = take_windows(ctx, seen);
    const item_network::saved<bf16> keep(ctx.arena, walt::size_of(of.x));
    model_.network().forward(ctx, model_.weights(), of.x, keep, of.logits);
    std::vector<float> out;
    for (int f = 0; f < frames; ++f) {
        const auto logs = log_softmax(of, f);
        out.insert(out.end(), logs.begin(), logs.end());
    }
    return out;
}

verdict item_judge::operator()(const float* pixels, int frames) const {
    return {most_probable(log_probabilities(pixels, frames).data(), frames), colour_of(pixels, frames, side, side),
            direction_of(pixels, frames, side, side)};
}

int most_probable(const float* logs, int frames) {
    std::array<float, item_network::items> sum{};
    for (int f = 0; f < frames; ++f)
        for (float& item : sum) item += *logs++;
    return static_cast<int>(std::max_element(sum.begin(), sum.end()) - sum.begin());
}

} // namespace judge
