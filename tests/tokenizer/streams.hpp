// A tokenizer's streams against the whole video at once, for every device.
#pragma once

#include "golden_tokenizer.hpp"

#include <walt/testing/gradient_check.hpp>
#include <walt/tokenizer/memory_plan.hpp>
#include <walt/tokenizer/streaming.hpp>

#include <vector>

namespace walt::testing {

/// Two temporal strides: a latent frame is made of four.
struct four_frames : golden_tokenizer::golden_config {
    static constexpr int channels = 4, blocks = 2, latent = 3, norm_groups = 2;
    static constexpr std::array<int, 3> multipliers{1, 2, 3};
    static constexpr std::array<int, 2> time_strides{2, 2};
    static constexpr const char* file = "";
};

/// A stride in time between two levels, none at all between the others.
struct few_strides : four_frames {
    static constexpr std::array<int, 2> time_strides{2, 1}, space_strides{1, 1};
};

/// A tokenizer of this config with the golden file's parameters, or random ones.
template <class T, class Config, class Context> auto made_tokenizer(Context& ctx) {
    using network = tokenizer_network<Config>;
    tokenizer<Context, Config, T> tokens(ctx, Config{}, compute<T>, seed{1});
    if (*Config::file != '\0')
        tokens.assign(golden_file(std::filesystem::path(WALT_TEST_DATA) / "golden" / Config::file)
                          .template parameters<network, accumulate_t<T>>());
    else { // those that start as zeros too
        auto values = tokens.host_masters();
        for (const parameter_row& row : parameter_table<network>())
            for (std::size_t i = row.offset; row.trainable() && i < row.offset + row.size; ++i)
                values[i] += static_cast<accumulate_t<T>>(0.1 * static_cast<double>(philox{3, 0}.normal(i)));
        tokens.assign(values);
    }
    return tokens;
}

/// Normal pixels of so many samples and frames of 8 x 12, which all golden configs can divide.
inline clips noisy_clips(std::int64_t count, std::int64_t frames) {
    clips made{.shape = {count, frames, 8, 12}};
    made.pixels.resize(static_cast<std::size_t>(made.shape.size()));
    fill_normal(made.pixels, 5, 0.5);
    return made;
}

/// Latents and pixels of a video that comes in parts of so many frames, and again and again the last of them.
struct streamed {
    latents z;
    clips x;
};
template <class Tokenizer>
streamed stream_of(const Tokenizer& tokens, const clips& video, const std::vector<std::int64_t>& parts, streaming how) {
    encode_stream encoder(tokens, how);
    decode_stream decoder(tokens, how);
    streamed made;
    std::size_t next = 0;
    for (std::int64_t at = 0, some = 0; at < video.shape.frames; at += some) {
        some = std::min(parts[std::min(next++, parts.size() - 1)], video.shape.frames - at);
        const auto z = encoder.next(video.frames(at, some));
        if (!z) continue;
        const clips x = decoder.next(*z);
        if (made.z.values.empty()) made = {*z, x};
        else {
            made.z.append(*z);
            made.x.append(x);
        }
    }
    CHECK(encoder.waiting() == 0);
    CHECK_FALSE(encoder.finish());
    return made;
}

/// The plan is never exceeded, and what is kept is what it says; the measured arena's peak, as a part of the plan.
template <class T, class Config, class Context> void check_memory(std::int64_t count, std::int64_t latent_frames) {
    const clips video = noisy_clips(count, 25);
    const streaming_memory plan = memory_plan(Config{}, compute<T>, video.shape, {latent_frames, latent_scale::raw});
    latents z;
    const auto check = [&](const stream_memory& planned, auto&& pass) {
        Context ctx;
        const auto tokens = made_tokenizer<T, Config>(ctx);
        std::size_t most = planned.arena;
        if constexpr (requires { ctx.most_workspace; }) {
            CHECK(planned.workspace == ctx.most_workspace);
            most += planned.workspace;
        } else ctx.arena.reserve(most);
        const std::size_t kept = pass(tokens), peak = ctx.arena.peak();
        CHECK(ctx.arena.held() <= most); // it never had to grow
        INFO(Context::name << ' ' << dtype_name<T>() << ", " << count << " videos, " << latent_frames
                           << " latent frames: " << peak << " of " << planned.arena << ", kept " << kept << " of "
                           << planned.kept);
        CHECK(kept == planned.kept);
        CHECK(peak <= most);
        CHECK(planned.arena <= 3 * peak + (std::size_t{1} << 20)); // nor is it far from what is needed
    };
    check(plan.encode, [&](const auto& tokens) {
        encode_stream stream(tokens, {latent_frames, latent_scale::raw});
        z = *stream.next(video);
        return stream.bytes();
    });
    check(plan.decode, [&](const auto& tokens) {
        decode_stream stream(tokens, {latent_frames});
        stream.next(z);
        return stream.bytes();
    });
}

/// Latents and pixels in chunks against those of the whole: the same bits, or as far off as `most`, relative.
template <class T, class Config, class Context> void check_streams(Context& ctx, double most) {
    const auto tokens = made_tokenizer<T, Config>(ctx);
    const clips video = noisy_clips(2, 25);
    const latents z = tokens.encode(video, latent_scale::raw);
    const clips x = tokens.decode(z);
    struct way {
        std::vector<std::int64_t> parts; ///< frames
        std::int64_t latent_frames = 4;
    };
    for (const way& by : std::vector<way>{
             {{1}}, {{4}}, {{8}}, {{12}}, {{1, 4}}, {{3, 1, 7, 2, 5}}, {{3, 1, 7, 2, 5}, 1}, {{25}, 1}, {{25}, 3}}) {
        const streamed made = stream_of(tokens, video, by.parts, {by.latent_frames, latent_scale::raw});
        const double z_error = relative_error(made.z.values.data(), z.values),
                     x_error = relative_error(made.x.pixels.data(), x.pixels);
        INFO(Context::name << ' ' << dtype_name<T>() << ' ' << Config::file << ", " << by.latent_frames
                           << " latent frames, parts from " << by.parts.front() << ": z " << z_error << ", x "
                           << x_error);
        CHECK(made.z.shape == z.shape);
        CHECK(made.x.shape == x.shape);
        CHECK(z_error <= most);
        CHECK(x_error <= most);
    }
}

} // namespace walt::testing
