// The tokenizer's convolutions: which of walt's requests cuDNN has an engine for, and what each pass costs.
#include "probe.hpp"

#include <walt/core/philox.hpp>

#include <fmt/core.h>

namespace probes {
using namespace walt;
using namespace walt::benchmarks;
using walt::cuda::conv_pass;

template <int I, int O> void convolution(walt::cuda::context& ctx, const char* name, video_size in, conv_geometry g) {
    const arena::scope scope(ctx.arena);
    const video_size out = g.after(in);
    const auto x = in.take<bf16, I>(ctx.arena), dx = in.take<bf16, I>(ctx.arena);
    const auto y = out.take<bf16, O>(ctx.arena), dy = out.take<bf16, O>(ctx.arena);
    const auto yf = out.take<float, O>(ctx.arena);
    const auto dxf = in.take<float, I>(ctx.arena);
    const auto w = ctx.arena.take<bf16, O, 3, 3, 3, I>();
    const auto dw = ctx.arena.take<float, O, 3, 3, 3, I>();
    const auto bias = ctx.arena.take<float, O>();
    ops::normal(ctx, philox{1, 1}, x), ops::normal(ctx, philox{1, 2}, dy), ops::normal(ctx, philox{1, 3}, w);
    ops::normal(ctx, philox{1, 4}, yf), ops::normal(ctx, philox{1, 5}, bias), ops::fill(ctx, dw, 0.0f);
    const double flops = 2.0 * static_cast<double>(out.positions()) * O * I * 27;
    const auto line = [&](const char* what, auto&& run) {
        try {
            const double begun = now();
            run(), ctx.synchronize();
            const double first = now() - begun, ms = median_ms(ctx, run, 3, 3);
            fmt::print("  {:28} {:8.3f} ms {:6.0f} TFLOP/s   (first call {:.2f} s)\n", what, ms, 1e-9 * flops / ms,
                       first);
        } catch (const error& refused) {
            fmt::print("  {:28} THROWS {}\n", what, refused.what());
        }
        std::fflush(stdout);
    };
    fmt::print("{}\n", name);
    auto& dnn = walt::cuda::convolutions_of(ctx);
    const auto c = [&](conv_pass pass) { return walt::cuda::detail::described(ctx, pass, in, out, g, w); };
    const auto has = [](bool yes) { return yes ? "engine" : "none: copies in float"; };
    fmt::print("  bf16 -> bf16 forward {}; bf16 -> float forward {}, input gradient {}, weight gradient {}\n",
               has(dnn.run<bf16, bf16>(ctx, c(conv_pass::forward), x.data(), w.data(), y.data())),
               has(dnn.run<bf16, float>(ctx, c(conv_pass::forward), x.data(), w.data(), yf.data())),
               has(dnn.run<bf16, float>(ctx, c(conv_pass::grad_input), dxf.data(), w.data(), dy.data())),
               has(dnn.run<bf16, float>(ctx, c(conv_pass::grad_weight), x.data(), dw.data(), dy.data())));
    line("forward to bf16", [&] { ops::conv3d(ctx, g, x, w, none{}, y); });
    line("forward + bias, to bf16", [&] { ops::conv3d(ctx, g, x, w, bias, y); });
    line("forward, added to float", [&] { ops::conv3d_add(ctx, g, x, w, yf); });
    line("input gradient to bf16", [&] { ops::conv3d_grad_input(ctx, g, dy, w, dx); });
    line("input gradient to float", [&] { ops::conv3d_grad_input(ctx, g, dy, w, dxf); });
    line("weight gradient", [&] { ops::conv3d_grad_weight(ctx, g, x, dy, dw, none{}); });
}

/// The device as cuDNN describes it, for asking cuDNN on machines without one (deviceless plans).
void describe_device(const char* path) {
    cudnnBackendDescriptor_t device = nullptr;
    const std::int32_t ordinal = 0;
    std::int64_t size = 0;
    if (cudnnBackendCreateDescriptor(CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR, &device) != CUDNN_STATUS_SUCCESS) return;
    const auto json_into = [&](std::int64_t most, void* into) {
        return cudnnBackendGetAttribute(device, CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION, CUDNN_TYPE_CHAR, most, &size,
                                        into) == CUDNN_STATUS_SUCCESS;
    };
    if (cudnnBackendSetAttribute(device, CUDNN_ATTR_DEVICEPROP_DEVICE_ID, CUDNN_TYPE_INT32, 1, &ordinal) ==
            CUDNN_STATUS_SUCCESS &&
        cudnnBackendFinalize(device) == CUDNN_STATUS_SUCCESS && json_into(0, nullptr)) {
        std::vector<char> json(static_cast<std::size_t>(size));
        if (json_into(size, json.data()))
            if (std::FILE* file = std::fopen(path, "w"))
                std::fwrite(json.data(), 1, static_cast<std::size_t>(size), file), std::fclose(file);
        fmt::print("{}: {} bytes\n", path, size);
    } else fmt::print("cuDNN does not describe the device\n");
    cudnnBackendDestroyDescriptor(device);
}

} // namespace probes

int main(int count, char** arguments) try {
    using namespace probes;
    fmt::print("cuDNN {}\n", cudnnGetVersion());
    if (count > 1) describe_device(arguments[1]);
    walt::cuda::context ctx;
    const auto causal = [](int stride) { return conv_geometry::causal({3, 3, 3}, {stride, stride, stride}); };
    try {
        convolution<128, 128>(ctx, "128 -> 128 at 17 x 128 x 128", {1, 17, 128, 128}, causal(1));
        convolution<256, 256>(ctx, "256 -> 256 at 17 x 64 x 64, stride 2", {1, 17, 64, 64}, causal(2));
        convolution<512, 512>(ctx, "512 -> 512 at 5 x 16 x 16", {1, 5, 16, 16}, causal(1));
        convolution<3, 128>(ctx, "3 -> 128 at 17 x 128 x 128", {1, 17, 128, 128}, causal(1));
    } catch (const error& refused) {
        fmt::print("THROWS {}\n", refused.what());
        return 1;
    }
} catch (const std::exception& problem) {
    fmt::print(stderr, "{}\n", problem.what());
    return 1;
}
