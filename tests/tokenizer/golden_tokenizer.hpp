// The tokenizer's golden files through a device: latents, reconstruction, loss and every gradient.
#pragma once

#include "../catch.hpp"

#include <walt/core/model.hpp>
#include <walt/testing/golden.hpp>
#include <walt/tokenizer/network.hpp>

#include <filesystem>

namespace walt::testing::golden_tokenizer {

struct golden_config : tokenizer_config {
    static constexpr bool has_input_gradient = true; ///< the file says what the gradient of x is
};
struct small : golden_config {
    static constexpr int channels = 8, blocks = 1, latent = 3;
    static constexpr std::array<int, 2> multipliers{1, 2};
    static constexpr std::array<int, 1> time_strides{2};
    static constexpr video_size pixels{2, 5, 8, 12};
    static constexpr const char* file = "tokenizer_small.safetensors";
};
struct three_levels : golden_config {
    static constexpr int channels = 6, blocks = 2, latent = 4;
    static constexpr std::array<int, 3> multipliers{1, 2, 3};
    static constexpr std::array<int, 2> time_strides{1, 2};
    static constexpr video_size pixels{1, 9, 16, 8};
    static constexpr const char* file = "tokenizer_three_levels.safetensors";
};
struct groups : golden_config {
    static constexpr int channels = 12, blocks = 1, latent = 5, norm_groups = 4;
    static constexpr std::array<int, 2> multipliers{1, 2};
    static constexpr std::array<int, 1> time_strides{2};
    static constexpr video_size pixels{2, 5, 8, 12};
    static constexpr const char* file = "tokenizer_groups.safetensors";
};
struct non_causal : golden_config { // docs/model.md 14
    static constexpr int channels = 8, blocks = 1, latent = 4, norm_groups = 4;
    static constexpr std::array<int, 2> multipliers{1, 2};
    static constexpr std::array<int, 1> time_strides{2};
    static constexpr bool causal = false;
    static constexpr video_size pixels{2, 5, 8, 12};
    static constexpr const char* file = "recipe/tokenizer_non_causal.safetensors";
    static constexpr bool has_input_gradient = false;
};
struct frame_by_frame : golden_config {
    static constexpr int channels = 8, blocks = 1, latent = 3, norm_groups = 2;
    static constexpr std::array<int, 2> multipliers{1, 2};
    static constexpr std::array<int, 1> time_strides{1};
    static constexpr bool per_frame = true;
    static constexpr video_size pixels{2, 3, 12, 8};
    static constexpr const char* file = "recipe/tokenizer_per_frame.safetensors";
    static constexpr bool has_input_gradient = false;
};

struct tolerance {
    double output, loss, gradient, median;
};
inline constexpr tolerance in_double{1e-6, 1e-6, 1e-6, 1e-6}, in_float{1e-5, 1e-6, 1e-5, 1e-5},
    in_float_small{1e-5, 1e-6, 1e-4, 1e-4}, in_bf16{2e-2, 5e-3, 1e-1, 3e-2}, in_bf16_small{2e-2, 5e-3, 1e30, 1e30};

/// A view's elements on the host.
template <class Context, class V> std::vector<typename V::element> downloaded(Context& ctx, const V& there) {
    std::vector<typename V::element> host(static_cast<std::size_t>(there.size()));
    ctx.download(host.data(), there.data(), host.size() * sizeof(typename V::element));
    return host;
}

template <class T, class Config, class Context> void check(Context& ctx, const tolerance& most) {
    using A = accumulate_t<T>;
    using module = tokenizer_network<Config>;
    const golden_file golden(std::filesystem::path(WALT_TEST_DATA) / "golden" / Config::file);
    model<Context, module, T> net(ctx, seed{1});
    net.assign(golden.parameters<module, A>());
    const module& network = placed<module>;

    const arena::scope scope(ctx.arena);
    const video_size pixels = Config::pixels, latents = network.latent_size(pixels);
    const auto x = pixels.take<A, 3>(ctx.arena), reconstruction = pixels.take<A, 3>(ctx.arena),
               dx = pixels.take<A, 3>(ctx.arena);
    const auto z = latents.take<A, Config::latent>(ctx.arena), dz = latents.take<A, Config::latent>(ctx.arena);
    const std::vector<A> input =
        golden.values<A>("in.x", {pixels.batch, pixels.frames, pixels.height, pixels.width, 3});
    ctx.upload(x.data(), input.data(), input.size() * sizeof(A));

    typename module::template encoder_saved<T> encoding(ctx.arena, pixels, activations::all);
    typename module::template decoder_saved<T> decoding(ctx.arena, latents, activations::all);
    network.encode(ctx, net.weights(), x, z, encoding);
    network.decode(ctx, net.weights(), z, reconstruction, decoding);

    double loss = 0;
    std::vector<A> result = downloaded(ctx, reconstruction);
    const std::vector<A> first_z = downloaded(ctx, z), first_result = result;
    for (std::size_t i = 0; i < input.size(); ++i) {
        const double difference = static_cast<double>(result[i]) - static_cast<double>(input[i]),
                     count = static_cast<double>(input.size());
        loss += difference * difference / count;
        result[i] = static_cast<A>(2 * difference / count);
    }
    const auto d = pixels.take<A, 3>(ctx.arena);
    ctx.upload(d.data(), result.data(), result.size() * sizeof(A));
    buffer<A> gradient(ctx, placed<module>.extent);
    const gradients<A> g{gradient.data()};
    network.decode_backward(ctx, net.weights(), z, decoding, d, dz, g);
    network.encode_backward(ctx, net.weights(), x, encoding, dz, dx, g);

    const gradient_errors parameters = golden.check_gradients<module>(downloaded(ctx, gradient.all()).data());
    const double loss_error = std::abs(loss - golden.scalar("out.loss")) / golden.scalar("out.loss");
    const double z_error = golden.output_error("out.z", first_z.data()),
                 x_error = golden.output_error("out.x", first_result.data());
    const double dx_error =
        Config::has_input_gradient ? golden.gradient_error("grad.in.x", downloaded(ctx, dx).data()) : 0;
    INFO(Config::file << " " << Context::name << " " << dtype_name<T>() << ": z " << z_error << ", x " << x_error
                      << ", loss " << loss_error << ", input gradient " << dx_error << ", gradients "
                      << parameters.median << " (median) " << parameters.worst << " (" << parameters.worst_name << ")");
    CHECK(z_error <= most.output);
    CHECK(x_error <= most.output);
    CHECK(loss_error <= most.loss);
    CHECK(dx_error <= most.gradient);
    CHECK(parameters.worst <= most.gradient);
    CHECK(parameters.median <= most.median);

    // What is not kept is made again: the same bits. So is what a frozen tokenizer passes to its input.
    const auto first_dx = downloaded(ctx, dx);
    const auto backward = [&](activations mode, const auto& sink) {
        const arena::scope inner(ctx.arena);
        const typename module::template encoder_saved<T> encoded(ctx.arena, pixels, mode);
        const typename module::template decoder_saved<T> decoded(ctx.arena, latents, mode);
        network.encode(ctx, net.weights(), x, z, encoded);
        network.decode(ctx, net.weights(), z, reconstruction, decoded);
        CHECK(downloaded(ctx, reconstruction) == first_result);
        network.decode_backward(ctx, net.weights(), z, decoded, d, dz, sink);
        network.encode_backward(ctx, net.weights(), x, encoded, dz, dx, sink);
        CHECK(downloaded(ctx, dx) == first_dx);
    };
    buffer<A> again_gradient(ctx, placed<module>.extent);
    backward(activations::rematerialise, gradients<A>{again_gradient.data()});
    CHECK(downloaded(ctx, again_gradient.all()) == downloaded(ctx, gradient.all()));
    if constexpr (std::is_same_v<Config, groups>)
        backward(activations::input_gradient, no_gradients{}); // compiles long

    // Inference, which works in place and keeps nothing, gives the same bits.
    const auto z_again = latents.take<A, Config::latent>(ctx.arena);
    const auto again = pixels.take<A, 3>(ctx.arena);
    network.encode(ctx, net.weights(), x, z_again);
    network.decode(ctx, net.weights(), z_again, again);
    CHECK(downloaded(ctx, z_again) == first_z);
    CHECK(downloaded(ctx, again) == first_result);
}

} // namespace walt::testing::golden_tokenizer
