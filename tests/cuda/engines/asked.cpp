#include "asked.hpp"

#include <walt/config/demo.hpp>
#include <walt/meta.hpp>
#include <walt/tokenizer/reconstruction.hpp>
#include <walt/tokenizer/tokenizer.hpp>
#include <walt/train/trainer.hpp>

#include <algorithm>

using namespace walt;

namespace {

struct asking_context : meta::context {
    std::vector<asked_convolution> asked;

    void ask(const asked_convolution& what) {
        if (std::find(asked.begin(), asked.end(), what) == asked.end()) asked.push_back(what);
    }
};

template <class View> constexpr bool is_bf16 = std::is_same_v<std::remove_const_t<typename View::element>, bf16>;

// The forward and backward passes find these before the meta device's.
template <class X, class W, class Bias, class Y, class Past>
void conv3d_on(asking_context& ctx, const conv_geometry& g, X x, W w, Bias, Y y, Past past, bool add) {
    require(!rules::goes_on(past), "a training step has no past");
    ctx.ask({asked_convolution::forward, size_of(x), size_of(y), w.extent(4), w.extent(0), g, !is_none<Bias>, add,
             is_bf16<X>, is_bf16<Y>});
}
template <class DY, class W, class DX>
void conv3d_grad_input_on(asking_context& ctx, const conv_geometry& g, DY dy, W w, DX dx) {
    ctx.ask({asked_convolution::grad_input, size_of(dx), size_of(dy), w.extent(4), w.extent(0), g, false, false,
             is_bf16<DY>, is_bf16<DX>});
}
template <class X, class DY, class DW, class DBias>
void conv3d_grad_weight_on(asking_context& ctx, const conv_geometry& g, X x, DY dy, DW dw, DBias) {
    ctx.ask({asked_convolution::grad_weight, size_of(x), size_of(dy), dw.extent(4), dw.extent(0), g, false, false,
             is_bf16<X>, is_bf16<DW>});
}

template <class Config, class T>
asked_by step_of(const char* name, Config of, compute_t<T> type, std::int64_t count, std::int64_t frames,
                 std::int64_t side) {
    asking_context device;
    tokenizer model(device, of, type, seed{1});
    trainer training(model, reconstruction{});
    clips batch;
    batch.shape.count = count, batch.shape.frames = frames;
    batch.shape.height = batch.shape.width = side;
    batch.pixels.resize(static_cast<std::size_t>(batch.shape.size()), 0.5f);
    training.step([&](std::int64_t) { return batch; });
    return {fmt::format("{}, {} of {} x {} x {}, {}", name, count == 1 ? "1 clip" : fmt::format("{} clips", count),
                        frames, side, side, std::is_same_v<T, bf16> ? "bf16" : "float32"),
            device.asked};
}

} // namespace

std::vector<asked_by> asked_by_presets() {
    const presets::walt_tokenizer video;
    const presets::imagenet_tokenizer image;
    const presets::demo_tokenizer demo;
    return {step_of("walt_tokenizer", video, compute<bf16>, 1, 17, 128),
            step_of("imagenet_tokenizer", image, compute<bf16>, 8, 1, 128),
            step_of("demo_tokenizer", demo, compute<bf16>, 8, 17, 48),
            step_of("walt_tokenizer", video, compute<float>, 8, 17, 128)};
}
