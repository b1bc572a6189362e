// A golden denoiser file through a device: output, loss, every gradient, and the DDIM run where the file has one.
#pragma once

#include "catch.hpp"

#include <walt/diffusion/sample.hpp>
#include <walt/testing/golden.hpp>
#include <walt/transformer/denoiser.hpp>

namespace walt::testing {

/// The files' configs. (spatial and spatiotemporal windows in tokens, 0 for the whole frame)
struct denoiser_class : denoiser_config {
    static constexpr int frames = 3, height = 4, width = 6, channels = 4, hidden = 24, heads = 3, depth = 4,
                         classes = 5;
    static constexpr window spatiotemporal_window{0, 2, 3};
};
struct denoiser_frame_prediction : denoiser_config {
    static constexpr int frames = 5, height = 8, width = 4, channels = 3, patch = 2, hidden = 20, heads = 2, depth = 3,
                         classes = 2;
    static constexpr int adaln_rank = 0;
    static constexpr bool qk_norm = false, frame_prediction = true;
    static constexpr window spatiotemporal_window{0, 2, 1};
};
struct denoiser_full : denoiser_config {
    static constexpr int frames = 3, height = 4, width = 4, channels = 2, hidden = 16, heads = 2, depth = 2;
    static constexpr bool self_conditioning = false;
    static constexpr attention_pattern pattern = attention_pattern::full;
};
struct denoiser_spatial : denoiser_config {
    static constexpr int frames = 2, height = 6, width = 6, channels = 2, hidden = 16, heads = 2, depth = 2,
                         adaln_rank = 3;
    static constexpr bool self_conditioning = false;
    static constexpr attention_pattern pattern = attention_pattern::spatial;
    static constexpr window spatial_window{1, 3, 2};
};
struct denoiser_text_sr : denoiser_config {
    static constexpr int frames = 3, height = 8, width = 12, channels = 4, patch = 2, hidden = 24, heads = 4, depth = 4,
                         adaln_rank = 4;
    static constexpr int text_dim = 10, text_tokens = 6;
    static constexpr bool super_resolution = true;
    static constexpr window spatiotemporal_window{0, 2, 3};
};

struct denoiser_numbers : denoiser_config {
    static constexpr int frames = 3, height = 4, width = 6, channels = 3, hidden = 24, heads = 3, depth = 3,
                         classes = 3, numbers = 2;
    static constexpr window spatiotemporal_window{0, 2, 3};
};

/// Tolerances of the golden files' README.
struct golden_tolerance {
    double output, loss, gradient, median;
};
template <class T> constexpr golden_tolerance tolerance_of() {
    if constexpr (std::is_same_v<T, double>) return {1e-6, 1e-6, 1e-6, 1e-6};
    else if constexpr (std::is_same_v<T, float>) return {1e-5, 1e-6, 1e-5, 1e-5};
    else return {2e-2, 5e-3, 1e-1, 3e-2};
}

/// Numbers of the host's in a context's memory.
template <class V, class Context> buffer<V> uploaded(Context& ctx, const std::vector<V>& host) {
    const buffer<V> there(ctx, host.size());
    ctx.upload(there.data(), host.data(), host.size() * sizeof(V));
    return there;
}
template <class V, class Context> std::vector<V> downloaded(Context& ctx, const buffer<V>& there) {
    std::vector<V> host(there.size());
    ctx.download(host.data(), there.data(), host.size() * sizeof(V));
    return host;
}

/// A file's inputs, as the network takes them: what the file says, and after `move_to` their views on a device.
template <class A, class Config> struct golden_input {
    static constexpr int F = Config::frames;
    using latent = typename denoiser_input<A, Config>::latent;

    std::vector<A> noisy, self_condition, known, mask, numbers, text, low_resolution;
    std::vector<std::int32_t> step, label, text_row, low_resolution_step;
    std::vector<std::uint8_t> is_image, numbers_valid, text_valid;
    std::int64_t batch = 0;
    denoiser_input<A, Config> views;
    std::vector<memory> kept; // what the views show

    explicit golden_input(const golden_file& file) {
        noisy = file.values<A>("in.z_t");
        step = file.values<std::int32_t>("in.step");
        is_image = file.values<std::uint8_t>("in.is_image");
        batch = static_cast<std::int64_t>(is_image.size());
        if constexpr (Config::self_conditioning) self_condition = file.values<A>("in.z0_prev");
        if constexpr (Config::classes > 0) label = file.values<std::int32_t>("in.label");
        if constexpr (Config::frame_prediction) {
            known = file.values<A>("in.z_known");
            mask = file.values<A>("in.mask");
        }
        if constexpr (Config::numbers > 0) {
            numbers = file.values<A>("in.numbers");
            numbers_valid = file.values<std::uint8_t>("in.numbers_valid");
        }
        if constexpr (Config::text_dim > 0) {
            text = file.values<A>("in.text");
            text_valid = file.values<std::uint8_t>("in.text_valid");
            for (std::int32_t f = 0; f < batch * F; ++f)
                text_row.push_back(f); // the files give every frame its own text
        }
        if constexpr (Config::super_resolution) {
            low_resolution = file.values<A>("in.z_lr");
            low_resolution_step = file.values<std::int32_t>("in.step_lr");
        }
    }

    template <class Context, class V> view<const V, dynamic> on(Context& ctx, const std::vector<V>& values) {
        kept.push_back(ctx.allocate(values.size() * sizeof(V)));
        ctx.upload(kept.back().get(), values.data(), values.size() * sizeof(V));
        return view<const V, dynamic>(reinterpret_cast<const V*>(kept.back().get()),
                                      static_cast<std::int64_t>(values.size()));
    }
    template <class Context> void move_to(Context& ctx) {
        views.noisy = latent(on(ctx, noisy).data(), batch);
        views.step = on(ctx, step);
        views.is_image = on(ctx, is_image);
        views.label = on(ctx, label);
        if (!self_condition.empty()) views.self_condition = latent(on(ctx, self_condition).data(), batch);
        if (!known.empty()) views.known = latent(on(ctx, known).data(), batch);
        views.mask = on(ctx, mask);
        if constexpr (Config::numbers > 0) {
            views.numbers = decltype(views.numbers)(on(ctx, numbers).data(), batch * F);
            views.numbers_valid = on(ctx, numbers_valid);
        }
        if constexpr (Config::text_dim > 0)
            views.text = view<const A, dynamic, Config::text_dim>(on(ctx, text).data(),
                                                                  static_cast<std::int64_t>(text_valid.size()));
        views.text_row = on(ctx, text_row);
        views.text_valid = on(ctx, text_valid);
        if constexpr (Config::super_resolution)
            views.low_resolution = decltype(views.low_resolution)(on(ctx, low_resolution).data(), batch);
        views.low_resolution_step = on(ctx, low_resolution_step);
    }
};

template <class Context, class Config, class T>
void check_golden_denoiser(const char* name, activations mode = activations::all) {
    using A = accumulate_t<T>;
    using network = transformer<Config>;
    using latent = view<A, dynamic, Config::frames, Config::height, Config::width, Config::channels>;
    CAPTURE(name, Context::name, sizeof(T));
    const golden_file file(std::string(WALT_TEST_DATA) + "/golden/" + name + ".safetensors");
    constexpr golden_tolerance allowed = tolerance_of<T>();

    Context ctx;
    denoiser<Context, Config, T> model(ctx, Config{}, compute<T>);
    model.assign(file.parameters<network, A>());
    golden_input<A, Config> in(file);
    in.move_to(ctx);

    const arena::scope scope(ctx.arena);
    const std::size_t size = in.noisy.size();
    const buffer<A> v(ctx, size), dv(ctx, size), dnoisy(ctx, size), target(ctx, size), loss(ctx, 1);
    typename network::template saved<T> keep(ctx.arena, in.batch, static_cast<std::int64_t>(in.text_valid.size()),
                                             mode);
    model.network().forward(ctx, model.weights(), in.views, latent(v.data(), in.batch), keep);
    CHECK(file.output_error("out.v", downloaded(ctx, v).data()) <= allowed.output);

    const buffer<A> x0 = uploaded(ctx, file.values<A>("in.x0")), eps = uploaded(ctx, file.values<A>("in.eps"));
    std::vector<A> weight(in.step.size(), A(1));
    for (std::size_t f = 0; f < in.mask.size(); ++f)
        weight[f] -= in.mask[f]; // frame prediction: only frames to predict
    const frame_mixtures<A> diffusion(ctx, noise_schedule{}, v_prediction, in.step);
    diffusion.target(ctx, latent(x0.data(), in.batch), latent(eps.data(), in.batch), latent(target.data(), in.batch));
    ops::square_error(ctx, latent(v.data(), in.batch), latent(target.data(), in.batch), in.on(ctx, weight),
                      view<A, 1>(loss.data()), latent(dv.data(), in.batch));
    CHECK(std::abs(static_cast<double>(downloaded(ctx, loss).front()) - file.scalar("out.loss")) <=
          allowed.loss * file.scalar("out.loss"));

    const buffer<A> gradient(ctx, model.extent);
    denoiser_input_gradient<A, Config> din;
    din.noisy = latent(dnoisy.data(), in.batch);
    model.network().backward(ctx, model.weights(), in.views, keep, latent(dv.data(), in.batch).read(), din,
                             gradients<A>{gradient.data()});
    CHECK(file.gradient_error("grad.in.z_t", downloaded(ctx, dnoisy).data()) <= allowed.gradient);
    const gradient_errors errors = file.template check_gradients<network>(downloaded(ctx, gradient).data());
    CAPTURE(errors.worst_name);
    CHECK(errors.worst <= allowed.gradient);
    CHECK(errors.median <= allowed.median);
}

/// The file's DDIM run: sample 0, 4 steps, eta 0, guidance 2 where the model has a condition to leave out.
template <class Context, class Config, class T> void check_golden_ddim(const char* name) {
    using A = accumulate_t<T>;
    constexpr int F = Config::frames;
    using latent = view<A, dynamic, F, Config::height, Config::width, Config::channels>;
    CAPTURE(name, Context::name, sizeof(T));
    const golden_file file(std::string(WALT_TEST_DATA) + "/golden/" + name + ".safetensors");
    CHECK(file.values<std::int32_t>("ddim.steps") == ddim{4}.levels());

    Context ctx;
    denoiser<Context, Config, T> model(ctx, Config{}, compute<T>);
    model.assign(file.parameters<transformer<Config>, A>());
    conditions told;
    const auto first_of = [&](auto values, std::size_t count) {
        values.resize(count);
        return values;
    };
    if constexpr (Config::classes > 0) told.labels = first_of(file.values<std::int32_t>("in.label"), F);
    if constexpr (Config::text_dim > 0) { // the empty text, then one for each frame
        constexpr std::size_t positions = std::size_t{F} * Config::text_tokens;
        told.text = {Config::text_tokens, Config::text_dim, {}, {}, {}};
        told.text.vectors.resize(std::size_t{Config::text_tokens} * Config::text_dim);
        told.text.valid.resize(Config::text_tokens);
        for (const float x : first_of(file.values<float>("in.text"), positions * Config::text_dim))
            told.text.vectors.push_back(x);
        for (const std::uint8_t x : first_of(file.values<std::uint8_t>("in.text_valid"), positions))
            told.text.valid.push_back(x);
        for (int f = 0; f < F; ++f) told.text.row.push_back(f + 1);
    }
    if constexpr (Config::super_resolution)
        told.low_resolution = {first_of(file.values<float>("in.z_lr"), file.values<float>("ddim.start").size() / 4),
                               file.values<std::int32_t>("in.step_lr").front(),
                               {},
                               true};
    sampling how{.sampler = ddim{4}, .guide = {.scale = 2}, .images = file.values<int>("in.is_image").front() != 0};
    const buffer<A> x = uploaded(ctx, file.values<A>("ddim.start"));
    double first = 1;
    denoise(model, prepare(model, told), how, latent(x.data(), 1), [&](int k, auto) {
        if (k == 0) first = file.output_error("ddim.after_first", downloaded(ctx, x).data());
    });
    CHECK(first <= tolerance_of<T>().output);
    CHECK(file.output_error("ddim.final", downloaded(ctx, x).data()) <= tolerance_of<T>().output);
}

} // namespace walt::testing
