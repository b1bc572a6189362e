// A table of words from a file. Needs jansson (CMake: walt::io).
#pragma once

#include "../io/safetensors.hpp"
#include "word_table.hpp"

#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

namespace walt {

/// A safetensors file of `words` (U8: the words, one a line), `vectors` (U8 [words, dim]) and `scales` (F32 [dim]):
/// number k of a word is (level - 128) * scales[k]. scripts/get_words writes examples/weights/words.safetensors:
/// GloVe's vectors (Pennington, Socher and Manning 2014), retrofitted to WordNet (Faruqui et al. 2015). Throws
/// walt::error where the file is damaged, its sizes do not belong together or its words are not distinct.
inline word_table read_word_table(const std::filesystem::path& path) {
    const safetensors_file file(path);
    for (const char* name : {"words", "vectors"})
        require(file.tensor(name).dtype == "U8", "{}: tensor {} should have elements of type U8, not {}", file.path(),
                name, file.tensor(name).dtype);
    const std::vector<float> scales = file.read<float>("scales");
    const std::vector<std::uint8_t> text = file.read<std::uint8_t>("words");
    std::vector<std::string> words;
    std::istringstream lines(std::string(text.begin(), text.end()));
    for (std::string line; std::getline(lines, line);) words.push_back(line);
    const std::vector<std::int64_t> shape{static_cast<std::int64_t>(words.size()),
                                          static_cast<std::int64_t>(scales.size())};
    const std::vector<std::uint8_t> levels = file.read<std::uint8_t>("vectors", shape);
    std::vector<float> vectors(levels.size());
    for (std::size_t i = 0; i < levels.size(); ++i)
        vectors[i] = static_cast<float>(int{levels[i]} - 128) * scales[i % scales.size()];
    return word_table(std::move(words), static_cast<int>(scales.size()), std::move(vectors), file.path());
}

} // namespace walt
