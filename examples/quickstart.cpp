// The whole of walt in one program: a tokenizer and a denoiser learn from moving fashion, then a text becomes a video.
// test: 2
// refuses: 2x => a number of steps is 1 or more, not '2x'
#include <walt/files.hpp>
#include <walt/walt.hpp>

#include <charconv>

struct tokens : walt::presets::demo_tokenizer {};
struct model : walt::presets::demo {
    static constexpr walt::window spatiotemporal_window{5, 3, 3}; // one line is an ablation
};

int main(int count, char** argument) try {
    std::int64_t steps = 0; // of each training
    const std::string_view given = count > 1 ? argument[1] : "7000";
    const auto read = std::from_chars(given.data(), given.data() + given.size(), steps);
    walt::require(read.ec == std::errc() && read.ptr == given.data() + given.size() && steps >= 1,
                  "a number of steps is 1 or more, not '{}'", given);
    walt::cpu::context device;
    walt::moving_fashion clips({.size = 48});
    walt::word_vectors text;

    walt::tokenizer tokenizer(device, tokens{}, walt::compute<walt::bf16>, walt::seed{1});
    walt::trainer teach(tokenizer, walt::reconstruction{}, walt::adamw{.learning_rate = 2e-3f},
                        {.rate = {.total = steps}});
    walt::ema tokens_average(tokenizer);
    if (!teach.run(walt::batches(clips, {.batch = 3}), walt::steps{steps}, tokens_average,
                   walt::save_to{"quickstart/tokenizer"}))
        return walt::exit_status();
    tokens_average.model().measure_latents(walt::batches(clips, {.batch = 3}));

    walt::denoiser denoiser(device, model{}, walt::compute<walt::bf16>, walt::seed{2});
    walt::trainer trainer(denoiser, walt::denoising{}, walt::adamw{.learning_rate = 1e-3f}, {.rate = {.total = steps}});
    walt::ema average(denoiser);
    if (!trainer.run(walt::latent_cache(tokens_average.model(), text, clips, {.clips = steps}), walt::steps{steps},
                     average, walt::save_to{"quickstart/denoiser"}))
        return walt::exit_status();

    const auto video = walt::sample(average.model(), tokens_average.model(), text,
                                    walt::prompts{"a red sneaker moving left"}, {.guide = {.scale = 3.0f}});
    walt::write_gif("quickstart/sneaker.gif", video[0]);
} catch (const std::exception& problem) {
    fmt::print(stderr, "{}\n", problem.what());
    return 1;
}
