// What the demo's networks answer in float32, for the script weights beside this:
//     weights_answers FOLDER OUT.safetensors
// FOLDER has tokenizer.safetensors and denoiser.safetensors.
#include <walt/config/demo.hpp>
#include <walt/cpu.hpp>
#include <walt/io/weights.hpp>
#include <walt/tokenizer/tokenizer.hpp>
#include <walt/transformer/denoiser.hpp>

#include <cstdio>
#include <vector>

int main(int count, char** argument) try {
    if (count != 3) return std::puts("weights_answers FOLDER OUT.safetensors"), 2;
    const std::filesystem::path folder = argument[1];
    using config = walt::presets::demo;
    constexpr int B = 2, F = config::frames, M = config::text_tokens;
    walt::cpu::context device;
    const walt::tokenizer tokenizer(device, walt::presets::demo_tokenizer{}, walt::compute<float>,
                                    walt::weights_file(folder / "tokenizer.safetensors"));
    const walt::denoiser denoiser(device, config{}, walt::compute<float>,
                                  walt::weights_file(folder / "denoiser.safetensors"));

    const auto normal = [](std::size_t size, std::uint64_t stream, float scale) {
        std::vector<float> values(size);
        for (std::size_t i = 0; i < size; ++i) values[i] = scale * walt::philox{1, stream}.normal(i);
        return values;
    };
    const walt::clips clips{.shape = {1, 17, 48, 48}, .pixels = normal(17 * 48 * 48 * 3, 1, 0.4f)};
    const walt::latents encoded = tokenizer.encode(clips), raw = tokenizer.encode(clips, walt::latent_scale::raw);
    const walt::clips decoded = tokenizer.decode(raw);

    constexpr std::size_t size = std::size_t{B} * F * config::height * config::width * config::channels;
    const std::vector<float> noisy = normal(size, 2, 1), estimate = normal(size, 3, 1),
                             text = normal(std::size_t{B} * M * config::text_dim, 4, 1);
    const std::vector<std::int32_t> step(std::size_t{B} * F, 700), row{0, 0, 0, 0, 0, 1, 1, 1, 1, 1};
    std::vector<std::uint8_t> valid(std::size_t{B} * M, 1);
    const std::vector<std::uint8_t> is_image{0, 1}; // a video and a stack of images
    for (std::size_t i = 5; i < M; ++i) valid[i] = 0;
    walt::denoiser_input<float, config> in;
    using latent = walt::denoiser_input<float, config>::latent;
    in.noisy = latent(noisy.data(), B);
    in.self_condition = latent(estimate.data(), B);
    in.step = walt::view<const std::int32_t, walt::dynamic>(step.data(), B * F);
    in.text_row = walt::view<const std::int32_t, walt::dynamic>(row.data(), B * F);
    in.is_image = walt::view<const std::uint8_t, walt::dynamic>(is_image.data(), B);
    in.text = walt::view<const float, walt::dynamic, config::text_dim>(text.data(), B * M);
    in.text_valid = walt::view<const std::uint8_t, walt::dynamic>(valid.data(), B * M);
    std::vector<float> answer(size);
    denoiser.predict(
        in, walt::view<float, walt::dynamic, F, config::height, config::width, config::channels>(answer.data(), B));

    walt::safetensors_writer file;
    const std::vector<std::int64_t> of_latents{B, F, config::height, config::width, config::channels};
    const auto add = [&](const char* name, const std::vector<std::int64_t>& shape, const std::vector<float>& values) {
        file.add(name, shape, std::span<const float>(values));
    };
    add("clips", {1, 17, 48, 48, 3}, clips.pixels);
    add("raw", {1, F, config::height, config::width, config::channels}, raw.values);
    add("normalised", {1, F, config::height, config::width, config::channels}, encoded.values);
    add("decoded", {1, 17, 48, 48, 3}, decoded.pixels);
    add("noisy", of_latents, noisy);
    add("estimate", of_latents, estimate);
    add("text", {B, M, config::text_dim}, text);
    add("answer", of_latents, answer);
    file.save(argument[2]);
    return 0;
} catch (const std::exception& problem) {
    std::fprintf(stderr, "%s\n", problem.what());
    return 1;
}
