// The tokenizer against its golden files: latents, reconstruction, loss and every gradient, on every host device.
#include "../catch.hpp"

#include <walt/core/model.hpp>
#include <walt/cpu.hpp>
#include <walt/testing/golden.hpp>
#include <walt/tokenizer/network.hpp>

#include <filesystem>

using namespace walt;

namespace {

struct small : tokenizer_config {
    static constexpr int channels = 8, blocks = 1, latent = 3;
    static constexpr std::array<int, 2> multipliers{1, 2};
    static constexpr std::array<int, 1> time_strides{2};
    static constexpr video_size pixels{2, 5, 8, 12};
    static constexpr const char* file = "tokenizer_small.safetensors";
};
struct three_levels : tokenizer_config {
    static constexpr int channels = 6, blocks = 2, latent = 4;
    static constexpr std::array<int, 3> multipliers{1, 2, 3};
    static constexpr std::array<int, 2> time_strides{1, 2};
    static constexpr video_size pixels{1, 9, 16, 8};
    static constexpr const char* file = "tokenizer_three_levels.safetensors";
};
struct groups : tokenizer_config {
    static constexpr int channels = 12, blocks = 1, latent = 5, norm_groups = 4;
    static constexpr std::array<int, 2> multipliers{1, 2};
    static constexpr std::array<int, 1> time_strides{2};
    static constexpr video_size pixels{2, 5, 8, 12};
    static constexpr const char* file = "tokenizer_groups.safetensors";
};

struct tolerance {
    double output, loss, gradient, median;
};
constexpr tolerance in_double{1e-6, 1e-6, 1e-6, 1e-6}, in_float{1e-5, 1e-6, 1e-5, 1e-5}, in_float_small{1e-5, 1e-6, 1e-4, 1e-4},
    in_bf16{2e-2, 5e-3, 1e-1, 3e-2}, in_bf16_small{2e-2, 5e-3, 1e30, 1e30};

template <class T, class Config, class Context> void check(Context& ctx, const tolerance& most) {
    using A = accumulate_t<T>;
    using module = tokenizer_network<Config>;
    const testing::golden_file golden(std::filesystem::path(WALT_TEST_DATA) / "golden" / Config::file);
    model<Context, module, T> net(ctx, seed{1});
    net.assign(golden.parameters<module, A>());
    const module& network = placed<module>;

    const video_size pixels = Config::pixels, latents = network.latent_size(pixels);
    const auto x = pixels.take<A, 3>(ctx.arena), reconstruction = pixels.take<A, 3>(ctx.arena), dx = pixels.take<A, 3>(ctx.arena);
    const auto z = latents.take<A, Config::latent>(ctx.arena), dz = latents.take<A, Config::latent>(ctx.arena);
    const std::vector<A> input = golden.values<A>("in.x", {pixels.batch, pixels.frames, pixels.height, pixels.width, 3});
    std::copy(input.begin(), input.end(), x.data());

    typename module::template encoder_saved<T> encoding(ctx.arena, pixels, pass::training);
    typename module::template decoder_saved<T> decoding(ctx.arena, latents, pass::training);
    network.encode(ctx, net.weights(), x, z, encoding);
    network.decode(ctx, net.weights(), z, reconstruction, decoding);

    double loss = 0;
    const auto d = pixels.take<A, 3>(ctx.arena);
    for (std::int64_t i = 0; i < x.size(); ++i) {
        const double difference = static_cast<double>(reconstruction.data()[i]) - static_cast<double>(x.data()[i]);
        loss += difference * difference / static_cast<double>(x.size());
        d.data()[i] = static_cast<A>(2 * difference / static_cast<double>(x.size()));
    }
    buffer<A> gradient(ctx, placed<module>.extent);
    const gradients<A> g{gradient.data()};
    network.decode_backward(ctx, net.weights(), z, decoding, d, dz, g);
    network.encode_backward(ctx, net.weights(), encoding, dz, dx, g);

    const testing::gradient_errors parameters = golden.check_gradients<module>(gradient.data());
    const double loss_error = std::abs(loss - golden.scalar("out.loss")) / golden.scalar("out.loss");
    INFO(Config::file << " " << Context::name << " " << dtype_name<T>() << ": z " << golden.output_error("out.z", z.data()) << ", x "
                      << golden.output_error("out.x", reconstruction.data()) << ", loss " << loss_error << ", input gradient "
                      << golden.gradient_error("grad.in.x", dx.data()) << ", gradients " << parameters.median << " (median) "
                      << parameters.worst << " (" << parameters.worst_name << ")");
    CHECK(golden.output_error("out.z", z.data()) <= most.output);
    CHECK(golden.output_error("out.x", reconstruction.data()) <= most.output);
    CHECK(loss_error <= most.loss);
    CHECK(golden.gradient_error("grad.in.x", dx.data()) <= most.gradient);
    CHECK(parameters.worst <= most.gradient);
    CHECK(parameters.median <= most.median);

    // Inference, which works in place and keeps nothing, gives the same bits.
    const auto z_again = latents.take<A, Config::latent>(ctx.arena);
    const auto again = pixels.take<A, 3>(ctx.arena);
    network.encode(ctx, net.weights(), x, z_again);
    network.decode(ctx, net.weights(), z_again, again);
    CHECK(std::memcmp(z.data(), z_again.data(), static_cast<std::size_t>(z.size()) * sizeof(A)) == 0);
    CHECK(std::memcmp(reconstruction.data(), again.data(), static_cast<std::size_t>(x.size()) * sizeof(A)) == 0);
}

} // namespace

TEMPLATE_TEST_CASE("the tokenizer equals its golden file", "[tokenizer][golden]", small, three_levels, groups) {
    constexpr bool is_small = std::is_same_v<TestType, small>;
    SECTION("reference, double") {
        reference::context ctx;
        check<double, TestType>(ctx, in_double);
    }
    SECTION("reference, float") {
        reference::context ctx;
        check<float, TestType>(ctx, is_small ? in_float_small : in_float);
    }
    SECTION("cpu, float") {
        cpu::context ctx;
        check<float, TestType>(ctx, is_small ? in_float_small : in_float);
    }
    SECTION("cpu, bf16") {
        cpu::context ctx;
        check<bf16, TestType>(ctx, is_small ? in_bf16_small : in_bf16);
    }
}
