// Tokens and states of texts by MiniLM, for the script minilm beside this:
//     minilm_states FOLDER TEXTS OUT.safetensors
// FOLDER is scripts/get_minilm's, TEXTS a file with a text a line.
#include <walt/cpu.hpp>
#include <walt/io/pretrained.hpp>
#include <walt/text/bert.hpp>
#include <walt/text/network_encoder.hpp>
#include <walt/text/wordpiece.hpp>

#include <chrono>
#include <cstdio>
#include <fstream>

int main(int count, char** argument) {
    if (count != 4) return std::puts("minilm_states FOLDER TEXTS OUT.safetensors"), 2;
    const std::filesystem::path folder = argument[1];
    constexpr int most = 256; // as its own configuration says
    walt::cpu::context device;
    std::vector<std::string> texts;
    std::ifstream lines(argument[2]);
    for (std::string line; std::getline(lines, line);) texts.push_back(line);
    const walt::wordpiece_tokenizer tokenizer(folder / "vocab.txt");

    std::vector<std::int32_t> ids; // [texts, most], -1 where there is none
    for (const std::string& text : texts) {
        auto own = tokenizer(text, most).ids;
        own.resize(most, -1);
        ids.insert(ids.end(), own.begin(), own.end());
    }
    walt::safetensors_writer file;
    const auto size = static_cast<std::int64_t>(texts.size());
    file.add("ids", {size, most}, std::span<const std::int32_t>(ids));
    std::vector<walt::text_batch> kept;
    const auto add = [&]<class T>(walt::compute_t<T> type, const char* name) {
        const walt::network_encoder encoder(device, walt::bert<walt::presets::minilm_l6>{}, type,
                                            walt::pretrained_weights(folder), tokenizer, {.max_tokens = most});
        const auto begin = std::chrono::steady_clock::now();
        kept.push_back(encoder.encode(texts));
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
        std::printf("%s: %zu texts in %.2f s\n", name, texts.size(), took.count());
        file.add(name, {size, most, encoder.dim()}, std::span<const float>(kept.back().vectors));
    };
    kept.reserve(2);
    add(walt::compute<float>, "float32");
    add(walt::compute<walt::bf16>, "bf16");
    file.save(argument[3]);
}
