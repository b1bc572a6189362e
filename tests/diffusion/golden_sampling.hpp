// The golden files of sampling through a device: DPM-Solver++ 2M under guidance, and known frames without and under it.
#pragma once

#include "../transformer/golden_denoiser.hpp"

#include <walt/diffusion/dpm_solver.hpp>

namespace walt::testing {

struct golden_dpm_2m : denoiser_config {
    static constexpr int frames = 3, height = 4, width = 4, channels = 3, hidden = 16, heads = 2, depth = 2,
                         classes = 2;
    static constexpr window spatiotemporal_window{0, 2, 2};
};
struct golden_sample_known : denoiser_config {
    static constexpr int frames = 5, height = 4, width = 6, channels = 4, hidden = 24, heads = 3, depth = 3,
                         classes = 3;
    static constexpr bool frame_prediction = true;
    static constexpr window spatiotemporal_window{0, 2, 3};
};

/// Tolerances of the golden files' README, recipe/.
template <class T> constexpr double sampling_tolerance = std::is_same_v<T, double> ? 1e-6 : 1e-5;
template <> inline constexpr double sampling_tolerance<bf16> = 3e-2;

/// Runs `how` from in.start, and compares x behind the given steps with the file.
template <class Context, class Config, class T>
void check_golden_sampling(const char* name, const conditions& told, const sampling& how,
                           std::vector<std::pair<int, const char*>> wanted) {
    using A = accumulate_t<T>;
    using latent = view<A, dynamic, Config::frames, Config::height, Config::width, Config::channels>;
    CAPTURE(name, Context::name, sizeof(T), how.guide.scale);
    const golden_file file(std::string(WALT_TEST_DATA) + "/golden/recipe/" + name + ".safetensors");
    Context ctx;
    denoiser<Context, Config, T> model(ctx, Config{}, compute<T>);
    model.assign(file.parameters<transformer<Config>, A>());
    const buffer<A> x = uploaded(ctx, file.values<A>("in.start"));
    const auto check = [&](const char* tensor) {
        CAPTURE(tensor);
        CHECK(file.output_error(tensor, downloaded(ctx, x).data()) <= sampling_tolerance<T>);
    };
    denoise(model, prepare(model, told), how, latent(x.data(), 1), [&](int k, auto) {
        for (const auto& [step, tensor] : wanted)
            if (step == k) check(tensor);
    });
}

template <class Context, class T> void check_golden_dpm_2m() {
    const golden_file file(std::string(WALT_TEST_DATA) + "/golden/recipe/dpm_2m.safetensors");
    check_golden_sampling<Context, golden_dpm_2m, T>(
        "dpm_2m", {.labels = file.values<std::int32_t>("in.label")},
        {.sampler = dpm_solver_pp_2m{.steps = 6}, .guide = {.scale = 2}},
        {{0, "out.after_first"}, {2, "out.after_third"}, {5, "out.final"}});
}

template <class Context, class T> void check_golden_sample_known() {
    const golden_file file(std::string(WALT_TEST_DATA) + "/golden/recipe/sample_known.safetensors");
    const conditions told{.labels = file.values<std::int32_t>("in.label"),
                          .known = {file.values<float>("in.known"), file.values<float>("in.mask")},
                          .without = {.labels = false}};
    check_golden_sampling<Context, golden_sample_known, T>("sample_known", told, {.sampler = ddim{4}},
                                                           {{0, "out.after_first"}, {3, "out.final"}});
    check_golden_sampling<Context, golden_sample_known, T>("sample_known", told,
                                                           {.sampler = ddim{4}, .guide = {.scale = 2}},
                                                           {{0, "out.after_first_guided"}, {3, "out.final_guided"}});
}

} // namespace walt::testing
