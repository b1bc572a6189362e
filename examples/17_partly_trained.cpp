// Only a part of a model is trained: what looks at the text. There are no gradients and no moments for the rest.
#include <walt/cpu.hpp>
#include <walt/diffusion/denoising.hpp>
#include <walt/text/word_vectors.hpp>
#include <walt/train/trainer.hpp>
#include <walt/transformer/denoiser.hpp>

#include <fmt/core.h>

struct small : walt::denoiser_config {
    static constexpr int frames = 2, height = 4, width = 4, channels = 2, hidden = 32, heads = 2, depth = 2,
                         text_dim = 8, text_tokens = 2;
    static constexpr walt::window spatiotemporal_window{2, 2, 2};
};

/// Frames of one value, which a text tells: -1 or 1 in all channels.
walt::latents told(std::int64_t) {
    const walt::word_vectors text(small::text_dim, small::text_tokens);
    walt::latents batch{.shape = walt::latents_of<small>(8)};
    batch.text = text.encode(std::vector<std::string>{"", "dark", "light"});
    batch.text.row.clear();
    for (int b = 0; b < 8; ++b) {
        batch.text.row.insert(batch.text.row.end(), small::frames, 1 + b % 2);
        batch.values.insert(batch.values.end(), static_cast<std::size_t>(batch.shape.sample()), b % 2 ? 1.0f : -1.0f);
    }
    return batch;
}

int main() try {
    walt::cpu::context device;
    walt::denoiser model(device, small{}, walt::compute<float>, walt::seed{1});
    walt::trainer whole(model, walt::denoising{}, walt::adamw{.learning_rate = 3e-3f}, {.rate = {.warmup = 10}});
    if (!whole.run(told, walt::steps{50})) return 1;

    const std::vector<float> before = model.host_masters();
    // [part]
    walt::trainer part(model, walt::denoising{}, walt::adamw{.learning_rate = 3e-3f},
                       {.rate = {.warmup = 10}, .train = walt::only("blocks.*.cross.*", "text_proj.*")});
    // [/part]
    if (!part.run(told, walt::steps{50})) return 1;

    const std::vector<float> after = model.host_masters();
    const walt::only text("blocks.*.cross.*", "text_proj.*");
    std::size_t moved = 0, moved_elsewhere = 0;
    for (const walt::parameter_row& row : model.table())
        for (std::size_t i = row.offset; i < row.offset + row.size; ++i)
            if (after[i] != before[i]) ++(text.contains(row.name) ? moved : moved_elsewhere);
    const std::size_t kept = part.trained().parameters().extent();
    fmt::print("{} of {} weights are trained: {} moved, and {} of the others\n", kept, model.extent, moved,
               moved_elsewhere);
    return moved > 0 && moved_elsewhere == 0 && kept < model.extent ? 0 : 1;
} catch (const std::exception& problem) {
    fmt::print(stderr, "{}\n", problem.what());
    return 1;
}
