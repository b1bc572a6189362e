// A text encoder that is a network with weights and a tokenizer: T5, BERT, or one of your own of this form.
#pragma once

#include "../core/identity.hpp"
#include "../core/note.hpp"
#include "encoder.hpp"
#include "tokens.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace walt {

/// How texts go through a network.
struct text_encoding {
    int max_tokens = 128; ///< positions of a text, with the tokens around it; what is longer is cut
    int at_once = 16;     ///< texts in one pass
    std::function<void(const std::string& sentence)> say = [](const std::string& sentence) {
        detail::note("{}", sentence);
    }; ///< is told of each text that was cut
};

/// network_encoder encoder(device, t5<presets::t5_v1_1_xl>{}, compute<bf16>, pretrained_weights("t5-v1_1-xl"),
///                         sentencepiece_tokenizer("t5-v1_1-xl/spiece.model"), {.max_tokens = 77});
/// Models text_encoder: a text's vectors are the network's last hidden states, one a token. A text without words is
/// valid nowhere. The context outlives it.
///
/// A Network has `vocabulary`, `width` and `most_tokens`, and
///     forward(ctx, w, ids [S M], valid [S, M], y [S M, width]), y of zeros where not valid.
template <context Context, is_module Network, class T, text_tokenizer Tokenizer, class Storage = resident>
class network_encoder : public model<Context, Network, T, Storage> {
    using base = model<Context, Network, T, Storage>;
    using A = accumulate_t<T>;

  public:
    /// Starting values, for tests.
    network_encoder(Context& ctx, Network, compute_t<T>, seed from, Tokenizer tokenizer,
                    text_encoding how = {}) requires Storage::writable : base(ctx, from),
                                                                         tokenizer_(std::move(tokenizer)),
                                                                         how_(std::move(how)) {
        check();
    }
    template <weights_source Source>
    network_encoder(Context& ctx, Network, compute_t<T>, const Source& from, Tokenizer tokenizer,
                    text_encoding how = {})
        : base(ctx, typename base::unfilled{}), tokenizer_(std::move(tokenizer)), how_(std::move(how)) {
        check();
        from.fill(*this, this->memory_);
    }

    int dim() const { return Network::width; }
    int max_tokens() const { return how_.max_tokens; }
    const Tokenizer& tokenizer() const { return tokenizer_; }

    text_batch encode(std::span<const std::string> texts) const {
        const auto positions = texts.size() * static_cast<std::size_t>(how_.max_tokens);
        text_batch made{how_.max_tokens,
                        Network::width,
                        std::vector<float>(positions * static_cast<std::size_t>(Network::width)),
                        std::vector<std::uint8_t>(positions),
                        {}};
        std::vector<token_list> tokens;
        for (const std::string& text : texts) {
            tokens.push_back(tokenizer_(text, how_.max_tokens));
            const std::size_t cut = tokens.back().cut;
            if (cut > 0 && how_.say)
                how_.say(fmt::format("a text of {} tokens was cut to {}: \"{}\"", tokens.back().ids.size() + cut,
                                     how_.max_tokens, beginning(text)));
        }
        std::vector<std::size_t> order; // short ones together: a pass is as long as its longest text
        for (std::size_t s = 0; s < texts.size(); ++s)
            if (tokens[s].words > 0) order.push_back(s);
        std::stable_sort(order.begin(), order.end(),
                         [&](std::size_t a, std::size_t b) { return tokens[a].ids.size() < tokens[b].ids.size(); });
        const auto at_once = static_cast<std::size_t>(how_.at_once);
        for (std::size_t first = 0; first < order.size(); first += at_once)
            encode(std::span(order).subspan(first, std::min(at_once, order.size() - first)), tokens, made);
        return made;
    }

    /// Known by what decides its vectors: network and weights as they are now, compute type, tokenizer, max_tokens.
    std::string identity() const {
        running_hash all(dtype_name<T>());
        all.add(tokenizer_.fingerprint());
        all.add(static_cast<std::uint64_t>(how_.max_tokens));
        all.add_parameters(*this);
        return all.text();
    }

  private:
    /// As much of a text as a message shows, in whole characters.
    static std::string beginning(const std::string& text) {
        std::size_t length = 60;
        if (text.size() <= length) return text;
        while (length > 0 && (static_cast<unsigned char>(text[length]) & 0xc0u) == 0x80u) --length;
        return text.substr(0, length) + "...";
    }

    void check() const {
        require(tokenizer_.vocabulary() <= Network::vocabulary,
                "the tokenizer has {} tokens, and the network's embedding {}: they do not belong together",
                tokenizer_.vocabulary(), Network::vocabulary);
        require(how_.max_tokens >= Tokenizer::least_tokens && how_.max_tokens <= Network::most_tokens,
                "this text encoder takes {} to {} positions of a text; max_tokens is {}", Tokenizer::least_tokens,
                Network::most_tokens, how_.max_tokens);
        require(how_.at_once >= 1, "a pass has 1 text or more; at_once is {}", how_.at_once);
    }

    void encode(std::span<const std::size_t> group, const std::vector<token_list>& tokens, text_batch& made) const {
        Context& ctx = this->context();
        const std::size_t M = tokens[group.back()].ids.size();
        std::vector<std::int32_t> ids(group.size() * M, tokenizer_.padding());
        std::vector<std::uint8_t> valid(group.size() * M);
        for (std::size_t n = 0; n < group.size(); ++n) {
            const auto& own = tokens[group[n]].ids;
            std::copy(own.begin(), own.end(), ids.begin() + static_cast<std::ptrdiff_t>(n * M));
            std::fill_n(valid.begin() + static_cast<std::ptrdiff_t>(n * M), own.size(), std::uint8_t{1});
        }
        constexpr auto D = static_cast<std::size_t>(Network::width);
        std::vector<A> hidden(ids.size() * D);
        const arena::scope scope(ctx.arena);
        const auto y = ctx.arena.template take<A, dynamic, Network::width>(static_cast<std::int64_t>(ids.size()));
        const auto of_valid = to_device<std::uint8_t>(ctx, valid);
        base::network().forward(ctx, this->weights(), to_device<std::int32_t>(ctx, ids).read(),
                                of_valid.template as<dynamic, dynamic>(group.size(), M).read(), y);
        ctx.download(hidden.data(), y.data(), hidden.size() * sizeof(A));
        for (std::size_t n = 0; n < group.size(); ++n) {
            const std::size_t to = group[n] * static_cast<std::size_t>(how_.max_tokens),
                              count = tokens[group[n]].ids.size();
            std::fill_n(made.valid.begin() + static_cast<std::ptrdiff_t>(to), count, std::uint8_t{1});
            for (std::size_t i = 0; i < count * D; ++i)
                made.vectors[to * D + i] = static_cast<float>(hidden[n * M * D + i]);
        }
    }

    Tokenizer tokenizer_;
    text_encoding how_;
};
template <class Context, class Network, class T, class Tokenizer>
network_encoder(Context&, Network, compute_t<T>, seed, Tokenizer) -> network_encoder<Context, Network, T, Tokenizer>;
template <class Context, class Network, class T, class Tokenizer>
network_encoder(Context&, Network, compute_t<T>, seed, Tokenizer, text_encoding)
    -> network_encoder<Context, Network, T, Tokenizer>;
template <class Context, class Network, class T, weights_source Source, class Tokenizer>
network_encoder(Context&, Network, compute_t<T>, const Source&, Tokenizer)
    -> network_encoder<Context, Network, T, Tokenizer, typename Source::storage>;
template <class Context, class Network, class T, weights_source Source, class Tokenizer>
network_encoder(Context&, Network, compute_t<T>, const Source&, Tokenizer, text_encoding)
    -> network_encoder<Context, Network, T, Tokenizer, typename Source::storage>;

} // namespace walt
