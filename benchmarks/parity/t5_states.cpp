// Tokens and states of texts by a T5 of the size small, for the script t5 beside this:
//     t5_states FOLDER TEXTS OUT.safetensors
// FOLDER has spiece.model and weights as Hugging Face's library writes them, TEXTS is a file with a text a line.
#include <walt/cpu.hpp>
#include <walt/io/pretrained.hpp>
#include <walt/text/network_encoder.hpp>
#include <walt/text/sentencepiece.hpp>
#include <walt/text/t5.hpp>

#include <chrono>
#include <cstdio>
#include <fstream>

int main(int count, char** argument) {
    if (count != 4) return std::puts("t5_states FOLDER TEXTS OUT.safetensors"), 2;
    const std::filesystem::path folder = argument[1];
    constexpr int most = 300;
    walt::cpu::context device;
    std::vector<std::string> texts;
    std::ifstream lines(argument[2]);
    for (std::string line; std::getline(lines, line);) texts.push_back(line);
    const walt::network_encoder encoder(device, walt::t5<walt::presets::t5_v1_1_small>{}, walt::compute<float>,
                                        walt::pretrained_weights(folder),
                                        walt::sentencepiece_tokenizer(folder / "spiece.model"), {.max_tokens = most});
    std::vector<std::int32_t> ids; // [texts, most], -1 where there is none
    for (const std::string& text : texts) {
        auto own = encoder.tokenizer()(text, most).ids;
        own.resize(most, -1);
        ids.insert(ids.end(), own.begin(), own.end());
    }
    const auto begin = std::chrono::steady_clock::now();
    const walt::text_batch said = encoder.encode(texts);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    std::printf("%zu texts in %.2f s\n", texts.size(), took.count());
    const auto size = static_cast<std::int64_t>(texts.size());
    walt::safetensors_writer file;
    file.add("ids", {size, most}, std::span<const std::int32_t>(ids));
    file.add("states", {size, most, encoder.dim()}, std::span<const float>(said.vectors));
    file.save(argument[3]);
}
