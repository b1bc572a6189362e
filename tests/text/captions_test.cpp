// Captions become texts: equal ones are encoded once, the empty one is nobody's, and an encoder may be a network.
#include "../catch.hpp"

#include <walt/core/model.hpp>
#include <walt/data/latent_cache.hpp>
#include <walt/nn/linear.hpp>
#include <walt/reference.hpp>
#include <walt/text/word_vectors.hpp>

#include <thread>

using namespace walt;

namespace {

constexpr int letters = 26, positions = 3, dim = 4;

/// Counts of letters through a linear map.
struct letter_network {
    nn::linear<letters, dim> map;
    static constexpr void each(auto& self, auto&& visit) { visit("map", self.map); }
};

/// A network on a context as a text encoder: position p of a text is made of its p-th word's letters. Remembers what it
/// was asked, and by which thread.
struct letter_encoder : model<reference::context, letter_network, float> {
    using base = model<reference::context, letter_network, float>;
    using base::base;
    mutable std::vector<std::vector<std::string>> asked;
    mutable std::thread::id thread;

    int dim() const { return ::dim; }
    int max_tokens() const { return positions; }
    text_batch encode(std::span<const std::string> texts) const {
        asked.emplace_back(texts.begin(), texts.end());
        thread = std::this_thread::get_id();
        auto& ctx = context();
        const arena::scope scope(ctx.arena);
        const auto rows = static_cast<std::int64_t>(texts.size()) * positions;
        text_batch made{positions, ::dim, {}, std::vector<std::uint8_t>(static_cast<std::size_t>(rows)), {}};
        std::vector<float> counts(static_cast<std::size_t>(rows) * letters);
        for (std::size_t s = 0; s < texts.size(); ++s) {
            const std::vector<std::string> list = words(texts[s]);
            for (std::size_t p = 0; p < std::min<std::size_t>(list.size(), positions); ++p) {
                made.valid[s * positions + p] = 1;
                for (const char c : list[p])
                    ++counts[(s * positions + p) * letters + static_cast<std::size_t>(c - 'a')];
            }
        }
        const auto x = ctx.arena.take<float, dynamic, letters>(rows);
        const auto y = ctx.arena.take<float, dynamic, ::dim>(rows);
        ctx.upload(x.data(), counts.data(), counts.size() * sizeof(float));
        network().map.forward(ctx, weights(), x, y);
        made.vectors.resize(static_cast<std::size_t>(y.size()));
        ctx.download(made.vectors.data(), y.data(), made.vectors.size() * sizeof(float));
        return made; // the bias is 0 at the start, so positions that are not valid are zeros
    }
};
static_assert(text_encoder<letter_encoder>);

/// A dataset of ten clips with three captions, one of them empty.
struct captioned {
    std::int64_t size() const { return 10; }
    int frames() const { return 1; }
    int height() const { return 1; }
    int width() const { return 1; }
    void read(walt::seed, std::int64_t i, clip& out) const {
        out.caption = i % 3 == 0 ? "" : i % 3 == 1 ? "a bag" : "a red boot";
        out.pixels[0] = static_cast<float>(i % 3);
    }
};
struct pixels_as_latents {
    latents encode(const clips& from, latent_scale) const { return {.shape = from.shape, .values = from.pixels}; }
};

} // namespace

TEST_CASE("equal captions are encoded once, in the order in which they come, and the empty one never", "[captions]") {
    reference::context ctx;
    const letter_encoder encoder(ctx, seed{1});
    const text_batch batch = encode_captions(encoder, {"a boat", "a red bag", "", "a boat", "a red bag"});
    batch.check();
    CHECK(encoder.asked == std::vector<std::vector<std::string>>{{"a boat", "a red bag"}});
    CHECK(batch.row == std::vector<std::int32_t>{1, 2, 0, 1, 2});
    CHECK(batch.valid == std::vector<std::uint8_t>{0, 0, 0, 1, 1, 0, 1, 1, 1});
    CHECK(std::vector<float>(batch.vectors.begin(), batch.vectors.begin() + positions * dim) ==
          std::vector<float>(positions * dim));
    const std::string text = "a red bag";
    const text_batch alone = encoder.encode(std::span(&text, 1));
    CHECK(std::equal(alone.vectors.begin(), alone.vectors.end(), batch.vectors.begin() + 2 * positions * dim));
    CHECK(encode_captions(encoder, {}).texts() == 1);
}

TEST_CASE("a table gives a batch the texts that it needs, whatever the pieces they were encoded in", "[captions]") {
    reference::context ctx;
    const letter_encoder encoder(ctx, seed{1});
    caption_list list;
    for (const char* one : {"a", "b b", "c c c", "d d d d", "a"}) list.number(one);
    const text_table whole(encoder, list), pieces(encoder, list, 3);
    CHECK(encoder.asked.size() == 3); // 4, then 3 and 1
    const std::vector<std::int32_t> numbers{3, 1, 3, 0};
    CHECK(whole(numbers) == pieces(numbers));
    CHECK(whole(numbers).row == std::vector<std::int32_t>{1, 2, 1, 0});
    CHECK(whole(numbers).valid == std::vector<std::uint8_t>{0, 0, 0, 1, 1, 1, 1, 0, 0});
}

TEST_CASE("a network encodes a cache's captions once, while the cache is built", "[captions]") {
    reference::context ctx;
    const auto encoder = std::make_unique<letter_encoder>(ctx, seed{1});
    const latent_cache cache(pixels_as_latents{}, *encoder, captioned{}, {.clips = 10, .batch = 4, .image_rate = 0});
    CHECK(encoder->asked == std::vector<std::vector<std::string>>{{"a bag", "a red boot"}});
    CHECK(encoder->thread == std::this_thread::get_id());
    const std::vector<std::string> texts{"a bag", "a red boot"};
    const text_batch expected = encoder->encode(texts);
    const std::size_t calls = encoder->asked.size();
    std::thread([&] { // as a trainer's prefetch does
        for (int n = 0; n < 5; ++n) {
            const latents batch = cache(n);
            batch.check();
            for (std::size_t b = 0; b < 4; ++b) {
                const auto kind = static_cast<std::ptrdiff_t>(batch.values[b * 3]),
                           size = std::ptrdiff_t{positions} * dim;
                const auto row = batch.text.vectors.begin() + batch.text.row[b] * size;
                if (kind == 0) CHECK(batch.text.row[b] == 0);
                else CHECK(std::equal(row, row + size, expected.vectors.begin() + (kind - 1) * size));
            }
        }
    })
        .join();
    CHECK(encoder->asked.size() == calls);
}

TEST_CASE("an encoder that gives something else than it says is told so", "[captions]") {
    struct short_encoder : word_vectors {
        short_encoder() : word_vectors(64, 8) {}
        text_batch encode(std::span<const std::string> texts) const { return word_vectors::encode(texts.subspan(1)); }
    };
    struct wide_encoder : word_vectors {
        wide_encoder() : word_vectors(64, 8) {}
        int dim() const { return 32; }
    };
    CHECK_THROWS_WITH(encode_captions(short_encoder{}, {"a", "b", "c"}),
                      Catch::Contains("asked for 3 texts") && Catch::Contains("gave 2 texts"));
    CHECK_THROWS_WITH(encode_captions(wide_encoder{}, {"a"}),
                      Catch::Contains("8 positions of 32") && Catch::Contains("8 of 64"));
}
