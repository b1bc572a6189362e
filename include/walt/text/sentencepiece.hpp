// SentencePiece (Kudo and Richardson, EMNLP 2018), T5's tokenizer, by its own library (CMake: walt::text).
#pragma once

#include "../core/error.hpp"
#include "../io/read_file.hpp"
#include "tokens.hpp"

#include <sentencepiece_processor.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string_view>
#include <vector>

namespace walt {

/// sentencepiece_tokenizer tokenizer("spiece.model"). A text's pieces with the model's end of a sentence behind them,
/// as T5 has it. Bytes that are no UTF-8 count as U+FFFD. Throws walt::error for a file that is no model or has no such
/// end.
class sentencepiece_tokenizer {
  public:
    static constexpr int least_tokens = 2;

    explicit sentencepiece_tokenizer(const std::filesystem::path& path)
        : model_(std::make_shared<::sentencepiece::SentencePieceProcessor>()) {
        const std::vector<std::byte> bytes = read_file(path);
        const std::string_view serialized(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        fingerprint_ = hash(serialized);
        const auto status = model_->LoadFromSerializedProto(serialized);
        require(status.ok(), "{} is not a SentencePiece model: {}", path.string(), status.ToString());
        require(model_->eos_id() >= 0, "{} is a SentencePiece model without an end of a sentence, which T5 needs",
                path.string());
    }

    token_list operator()(std::string_view text, int max_tokens) const {
        require(max_tokens >= least_tokens, "a text of T5 has {} tokens or more; max_tokens is {}", least_tokens,
                max_tokens);
        std::vector<int> pieces;
        const auto status = model_->Encode(text, &pieces);
        require(status.ok(), "SentencePiece could not take a text: {}", status.ToString());
        const std::size_t kept = std::min(pieces.size(), static_cast<std::size_t>(max_tokens) - 1);
        token_list made{
            {pieces.begin(), pieces.begin() + static_cast<std::ptrdiff_t>(kept)}, kept, pieces.size() - kept};
        made.ids.push_back(model_->eos_id());
        return made;
    }
    int vocabulary() const { return model_->GetPieceSize(); }
    std::int32_t padding() const { return std::max(0, model_->pad_id()); }
    std::uint64_t fingerprint() const { return fingerprint_; }

  private:
    std::shared_ptr<::sentencepiece::SentencePieceProcessor> model_;
    std::uint64_t fingerprint_ = 0;
};
static_assert(text_tokenizer<sentencepiece_tokenizer>);

} // namespace walt
