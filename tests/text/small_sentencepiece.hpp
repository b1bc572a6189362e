// A small SentencePiece model with T5's special tokens, trained on a few sentences.
#pragma once

#include "../catch.hpp"
#include "../datasets/temporary_folder.hpp"

#include <sentencepiece_trainer.h>

#include <string>

/// folder / "<name>.model"; `end` is the number of the end of a sentence, -1 for none.
inline std::filesystem::path train_sentencepiece(const temporary_folder& folder, const std::string& name, int end = 1) {
    std::string sentences;
    for (const char* what : {"red sneaker", "blue dress", "green bag", "yellow coat", "black sandal"})
        for (const char* how : {"moving left", "moving right", "falling down", "standing still"})
            sentences += std::string("a ") + what + " " + how + "\n";
    const auto input = folder.write(name + ".txt", sentences);
    const auto prefix = folder.path / name;
    const auto status = sentencepiece::SentencePieceTrainer::Train(
        "--input=" + input.string() + " --model_prefix=" + prefix.string() +
        " --vocab_size=60 --hard_vocab_limit=false --num_threads=1 --minloglevel=2 --pad_id=0 --unk_id=2 --bos_id=-1 "
        "--eos_id=" +
        std::to_string(end));
    REQUIRE(status.ok());
    return prefix.string() + ".model";
}
