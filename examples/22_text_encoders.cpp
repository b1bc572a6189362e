// Text encoders that are networks: what they say of texts, kept on disk. Without arguments it is a small random BERT
// with a vocabulary of its own; scripts/get_minilm fetches a real one (--minilm minilm), and T5's files may lie in a
// folder as Hugging Face has them (--t5 t5-v1_1-base, with spiece.model and model.safetensors, or an index and its
// parts).
// test:
#include "program.hpp"

#include <walt/cpu.hpp>
#include <walt/io/pretrained.hpp>
#include <walt/text/bert.hpp>
#include <walt/text/cached_encoder.hpp>
#include <walt/text/network_encoder.hpp>
#include <walt/text/sentencepiece.hpp>
#include <walt/text/t5.hpp>
#include <walt/text/wordpiece.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <numeric>

using namespace walt;

namespace {

struct small : bert_config {
    static constexpr int layers = 2, width = 32, heads = 2, ff = 64, vocabulary = 12;
};

/// The mean of a text's valid vectors, of length 1.
std::vector<float> mean_of(const text_batch& texts, int s) {
    std::vector<float> mean(static_cast<std::size_t>(texts.dim));
    for (int p = s * texts.tokens; p < (s + 1) * texts.tokens; ++p) // zeros where nothing is valid
        for (std::size_t d = 0; d < mean.size(); ++d)
            mean[d] += texts.vectors[static_cast<std::size_t>(p) * mean.size() + d];
    float square = 0;
    for (const float x : mean) square += x * x;
    for (float& x : mean) x /= std::max(std::sqrt(square), 1e-20f); // of a text without words: zeros
    return mean;
}

/// How alike an encoder finds each text and the first; whether the cache gives the encoder's bits.
bool show(auto encoder, const std::vector<std::string>& texts) {
    const text_batch said = encoder.encode(texts);
    const cached_encoder cached(std::move(encoder), "text_cache");
    const bool equal = cached.encode(texts) == said;
    const std::vector<float> first = mean_of(said, 0);
    for (std::size_t s = 0; s < texts.size(); ++s) {
        const std::vector<float> mean = mean_of(said, static_cast<int>(s));
        fmt::print("{:.3f}  {}\n", std::inner_product(mean.begin(), mean.end(), first.begin(), 0.0f), texts[s]);
    }
    fmt::print("{} texts of {} x {} in text_cache/{}, {} as the encoder gives them\n", cached.size(), said.tokens,
               said.dim, cached.identity(), equal ? "bit for bit" : "NOT");
    return equal;
}

} // namespace

int main(int count, char** arguments) try {
    examples::program app("text encoders");
    std::filesystem::path minilm, t5_folder;
    std::vector<std::string> texts{"a red sneaker moving left", "a crimson trainer drifting west",
                                   "a blue dress falling down", "stock markets fell on monday"};
    app.add_option("--minilm", minilm, "what scripts/get_minilm wrote")->check(CLI::ExistingDirectory);
    app.add_option("--t5", t5_folder, "spiece.model and the weights of t5-v1_1-base")->check(CLI::ExistingDirectory);
    app.add_option("texts", texts, "to be compared with the first one");
    CLI11_PARSE(app, count, arguments);

    cpu::context device;
    if (!minilm.empty()) {
        network_encoder encoder(device, bert<presets::minilm_l6>{}, compute<float>, pretrained_weights(minilm),
                                wordpiece_tokenizer(minilm / "vocab.txt"));
        return show(std::move(encoder), texts) ? 0 : 1;
    }
    if (!t5_folder.empty()) {
        // [t5]
        network_encoder encoder(device, t5<presets::t5_v1_1_base>{}, compute<bf16>, pretrained_weights(t5_folder),
                                sentencepiece_tokenizer(t5_folder / "spiece.model"), {.max_tokens = 64});
        // [/t5]
        return show(std::move(encoder), texts) ? 0 : 1;
    }
    std::ofstream("vocab.txt") << "[PAD]\n[UNK]\n[CLS]\n[SEP]\na\nred\nblue\nsneaker\ndress\nmoving\nleft\ndown\n";
    return show(network_encoder(device, bert<small>{}, compute<float>, seed{1}, wordpiece_tokenizer("vocab.txt")),
                texts)
               ? 0
               : 1;
} catch (const std::exception& problem) {
    return examples::failed(problem);
}
