// What a file of weights says about the texts of its training: which encoder made them, and of which words. Needs
// jansson (CMake: walt::io).
#pragma once

#include "../io/safetensors.hpp"
#include "word_vectors.hpp"

#include <filesystem>
#include <map>
#include <string>

namespace walt {

/// The metadata for save_weights: walt.text and walt.words.
inline std::map<std::string, std::string> text_metadata(const word_vectors& encoder, const vocabulary& trained) {
    return {{"walt.text", encoder.description()}, {"walt.words", trained.text()}};
}

/// What made the texts of a file's training: an encoder's description. Files that say nothing are older than tables:
/// they are of hashed words, as many and as long as `encoder`'s.
inline std::string text_made_by(const std::filesystem::path& weights, const word_vectors& encoder) {
    const safetensors_file file(weights);
    const auto told = file.metadata().find("walt.text");
    return told != file.metadata().end() ? told->second
                                         : word_vectors(encoder.dim(), encoder.max_tokens()).description();
}

/// `encoder` for the texts of a model, whose file says which words its training used. Throws walt::error where other
/// vectors than the encoder's made the texts of its training.
inline word_vectors text_encoder_of(const std::filesystem::path& weights, const word_vectors& encoder,
                                    unseen_words as = unseen_words::nearest_seen) {
    const std::string made_by = text_made_by(weights, encoder);
    require(made_by == encoder.description(), "{} was trained with texts of {}; these are of {}", weights.string(),
            made_by, encoder.description());
    const safetensors_file file(weights);
    const auto told = file.metadata().find("walt.words");
    return encoder.trained_with(vocabulary(told != file.metadata().end() ? told->second : ""), as);
}

} // namespace walt
