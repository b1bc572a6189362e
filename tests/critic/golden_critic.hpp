// The critic's golden files through a device: logits, every term of its loss with every gradient, and what the
// generator gets.
#pragma once

#include "../catch.hpp"

#include <walt/critic/losses.hpp>
#include <walt/testing/golden.hpp>

#include <algorithm>
#include <filesystem>

namespace walt::testing::golden_critic {

struct of_clips : critic_config {
    static constexpr int channels = 6, dense = 10, frames = 5, height = 16, width = 12;
    static constexpr std::array<int, 3> multipliers{2, 2, 3};
    static constexpr video_size pixels{2, 5, 16, 12};
    static constexpr const char* file = "recipe/critic.safetensors";
};
struct of_images : critic_config {
    static constexpr int channels = 5, dense = 7, frames = 1, height = 8, width = 10;
    static constexpr std::array<int, 2> multipliers{2, 2};
    static constexpr video_size pixels{3, 1, 8, 10};
    static constexpr const char* file = "recipe/critic_images.safetensors";
};

struct tolerance {
    double value, gradient, median;
};
inline constexpr tolerance in_double{1e-6, 1e-6, 1e-6}, in_float{1e-6, 1e-5, 1e-5}, in_bf16{1e-2, 1.5e-1, 5e-2};

template <class Context, class V> std::vector<typename V::element> downloaded(Context& ctx, const V& there) {
    std::vector<typename V::element> host(static_cast<std::size_t>(there.size()));
    ctx.download(host.data(), there.data(), host.size() * sizeof(typename V::element));
    return host;
}

/// The gradients of one term, in a flat buffer on the host, against `grad.<term>.*`; the floor is of this term's.
template <class Module, class A>
gradient_errors term_errors(const golden_file& golden, const std::string& term, const std::vector<A>& flat) {
    double squares = 0;
    for (const parameter_row& row : parameter_table<Module>())
        for (const double x : golden.values<double>("grad." + term + "." + row.name)) squares += x * x;
    gradient_errors found;
    std::vector<double> all;
    for (const parameter_row& row : parameter_table<Module>()) {
        std::vector<A> mine(row.size);
        for (std::size_t i = 0; i < row.size; ++i) mine[place_in_file(row, i)] = flat[row.offset + i];
        all.push_back(relative_error(mine.data(), golden.values<double>("grad." + term + "." + row.name, row.shape),
                                     1e-3 * std::sqrt(squares)));
        if (!(all.back() <= found.worst)) found.worst = all.back(), found.worst_name = row.name;
    }
    std::nth_element(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(all.size() / 2), all.end());
    found.median = all[all.size() / 2];
    return found;
}

template <class T, class Config, class Context> void check(Context& ctx, const tolerance& most) {
    using A = accumulate_t<T>;
    using module = critic_network<Config>;
    using critic_type = critic<Context, Config, T>;
    const golden_file golden(std::filesystem::path(WALT_TEST_DATA) / "golden" / Config::file);
    critic_type net(ctx, Config{}, compute<T>, seed{1});
    net.assign(golden.parameters<module, A>());

    const arena::scope scope(ctx.arena);
    const video_size size = Config::pixels;
    const auto clip = [&](const char* name) {
        const auto x = size.take<A, 3>(ctx.arena);
        const auto host = golden.values<A>(name, {size.batch, size.frames, size.height, size.width, 3});
        ctx.upload(x.data(), host.data(), host.size() * sizeof(A));
        return x;
    };
    const auto real = clip("in.real"), fake = clip("in.fake"), dfake = size.take<A, 3>(ctx.arena);
    const std::vector<A> start{static_cast<A>(golden.scalar("in.ema_real")),
                               static_cast<A>(golden.scalar("in.ema_fake"))};
    const view<A, 2> averages(to_device<A>(ctx, start).data());
    const auto terms = critic_terms<A>::in(ctx.arena.template take<A, dynamic>(6));
    const judged<critic_type> batch(net, {real}, {fake});

    const auto value_is = [&](const char* name, const auto& there) {
        const std::vector<A> mine = downloaded(ctx, there);
        const double error = golden.output_error(name, mine.data());
        CAPTURE(Config::file, Context::name, dtype_name<T>(), name, error);
        CHECK(error <= most.value);
        return error;
    };
    value_is("out.logits_real", batch.real_logits);
    value_is("out.logits_fake", batch.decoded_logits);

    ops::fill(ctx, dfake, 0);
    batch.generator_loss(net, 1, terms.adversarial, {dfake});
    value_is("out.adversarial", terms.adversarial);
    const double dfake_error = golden.output_error("grad.adversarial.fake", downloaded(ctx, dfake).data());
    CAPTURE(dfake_error);
    CHECK(dfake_error <= most.gradient);

    const auto term_is = [&](const char* name, critic_objective<A> objective, const auto& term) {
        objective.averages = averages;
        objective.terms = terms;
        buffer<A> gradient(ctx, placed<module>.extent);
        const auto loss = ctx.arena.template take<A, 1>();
        objective(net, batch, gradients<A>{gradient.data()}, philox{}, loss);
        const double error = value_is((std::string("out.") + name).c_str(), term);
        CHECK(downloaded(ctx, loss) == downloaded(ctx, term));
        const gradient_errors errors = term_errors<module>(golden, name, downloaded(ctx, gradient.all()));
        INFO(Config::file << " " << Context::name << " " << dtype_name<T>() << " " << name << ": value " << error
                          << ", gradients " << errors.median << " (median) " << errors.worst << " ("
                          << errors.worst_name << ")");
        CHECK(errors.worst <= most.gradient);
        CHECK(errors.median <= most.median);
    };
    term_is("gan", {.gan = 1, .r1 = 0, .lecam = 0}, terms.gan);
    term_is("r1", {.gan = 0, .r1 = 1, .lecam = 0}, terms.r1);
    term_is("lecam", {.gan = 0, .r1 = 0, .lecam = 1}, terms.lecam);
}

} // namespace walt::testing::golden_critic
