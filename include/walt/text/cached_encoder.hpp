// A text encoder that asks another one once for each text, and keeps the answers on disk. Needs jansson (CMake:
// walt::io).
#pragma once

#include "../core/hash.hpp"
#include "../io/folders.hpp"
#include "../io/safetensors_writer.hpp"
#include "encoder.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace walt {

/// A text encoder whose vectors follow from what identity() says, and from the text.
template <class E>
concept known_text_encoder = text_encoder<E> && requires(const E& e) {
    { e.identity() } -> std::same_as<std::string>;
};

/// cached_encoder cached(network_encoder(...), "text_cache"); gives the bits that its encoder would give.
///
/// text_cache/<identity> holds the answers of one encoder, so other weights, another tokenizer or another length never
/// meet: a file for each call that had something new, whole or not at all, named by its texts. Any number of processes
/// may use a folder: none changes another's files, and what they have added is found before a text is encoded. Only
/// valid positions are stored, as float32. Numbers that are not finite are a walt::error, and are not stored.
template <known_text_encoder Encoder> class cached_encoder {
  public:
    /// The folder is made if need be. One that cannot be read, and a file in it that is not as it should be, is a
    /// walt::error that names it.
    cached_encoder(Encoder encoder, const std::filesystem::path& folder)
        : encoder_(std::move(encoder)), folder_(folder / encoder_.identity()) {
        make_folder(folder_);
        look();
    }

    int dim() const { return encoder_.dim(); }
    int max_tokens() const { return encoder_.max_tokens(); }
    std::string identity() const { return folder_.filename().string(); }
    /// Texts that are on disk, as far as is known.
    std::size_t size() const { return where_.size(); }

    text_batch encode(std::span<const std::string> texts) const {
        if (std::any_of(texts.begin(), texts.end(), [&](const auto& text) { return !where_.contains(text); })) look();
        std::set<std::string> missing;
        for (const std::string& text : texts)
            if (!where_.contains(text)) missing.insert(text);
        if (!missing.empty()) add({missing.begin(), missing.end()});

        const auto M = static_cast<std::size_t>(max_tokens()), D = static_cast<std::size_t>(dim());
        text_batch made{max_tokens(),
                        dim(),
                        std::vector<float>(texts.size() * M * D),
                        std::vector<std::uint8_t>(texts.size() * M),
                        {}};
        std::map<std::string, std::vector<std::size_t>> of_file;
        for (std::size_t s = 0; s < texts.size(); ++s) of_file[where_.at(texts[s]).file].push_back(s);
        for (const auto& [name, rows] : of_file) {
            const safetensors_file file(folder_ / name);
            for (const std::size_t s : rows) {
                const place& at = where_.at(texts[s]);
                std::vector<std::int32_t> positions(at.count); // which of the text's are valid
                std::vector<float> vectors(at.count * D);
                file.read_into("positions", std::span(positions), at.first);
                file.read_into("vectors", std::span(vectors), at.first * D);
                file.require_finite("vectors", std::span<const float>(vectors), at.first * D);
                for (std::size_t i = 0; i < at.count; ++i) {
                    require(positions[i] >= 0 && positions[i] < max_tokens(),
                            "{}: a text of {} positions has none with the number {}", file.path(), M, positions[i]);
                    const std::size_t to = s * M + static_cast<std::size_t>(positions[i]);
                    made.valid[to] = 1;
                    std::copy_n(vectors.begin() + static_cast<std::ptrdiff_t>(i * D), D,
                                made.vectors.begin() + static_cast<std::ptrdiff_t>(to * D));
                }
            }
        }
        return made;
    }

  private:
    struct place {
        std::string file;
        std::uint64_t first; ///< of its positions in the file
        std::size_t count;
    };

    /// Takes note of files that were not there before.
    void look() const {
        for (const std::filesystem::path& entry : visible_entries(folder_)) {
            const std::string name = entry.filename().string();
            if (entry.extension() == ".safetensors" && !seen_.contains(name)) read(name);
        }
    }

    void read(const std::string& name) const {
        const safetensors_file file(folder_ / name);
        const std::vector<std::int64_t> ends = file.read<std::int64_t>("text_ends"), // of each text, in bytes
            counts = file.read<std::int64_t>("counts"), sizes = file.tensor("vectors").shape;
        const std::vector<std::uint8_t> letters = file.read<std::uint8_t>("texts");
        std::uint64_t first = 0;
        std::int64_t begin = 0;
        for (const std::int64_t count : counts) first += static_cast<std::uint64_t>(count);
        require(ends.size() == counts.size() && (ends.empty() || ends.back() == std::ssize(letters)) &&
                    (ends.empty() || ends.front() >= 0) && std::is_sorted(ends.begin(), ends.end()) &&
                    std::all_of(counts.begin(), counts.end(),
                                [&](std::int64_t count) { return count >= 0 && count <= max_tokens(); }) &&
                    sizes.size() == 2 && static_cast<std::uint64_t>(sizes[0]) == first && sizes[1] == dim() &&
                    file.tensor("positions").elements() == first,
                "{} is not a file of encoded texts of {} numbers a position", file.path(), dim());
        first = 0;
        for (std::size_t i = 0; i < ends.size(); ++i) {
            const std::string text(letters.begin() + begin, letters.begin() + ends[i]);
            where_.emplace(text, place{name, first, static_cast<std::size_t>(counts[i])});
            first += static_cast<std::uint64_t>(counts[i]);
            begin = ends[i];
        }
        seen_.insert(name);
    }

    /// Encodes texts, no two of which are equal, and writes a file.
    void add(const std::vector<std::string>& texts) const {
        const text_batch came = encoder_.encode(texts);
        const auto M = static_cast<std::size_t>(max_tokens()), D = static_cast<std::size_t>(dim());
        came.check();
        require(came.texts() == std::ssize(texts) && came.tokens == max_tokens() && came.dim == dim(),
                "a text encoder of {} positions of {} numbers was asked for {} texts; it gave {} texts of {} of {}",
                max_tokens(), dim(), texts.size(), came.texts(), came.tokens, came.dim);
        std::string letters;
        std::vector<std::int64_t> ends, counts(texts.size());
        std::vector<std::int32_t> positions;
        std::vector<float> vectors;
        for (std::size_t s = 0; s < texts.size(); ++s) {
            letters += texts[s];
            ends.push_back(std::ssize(letters));
            for (std::size_t p = 0; p < M; ++p) {
                if (!came.valid[s * M + p]) continue;
                ++counts[s];
                positions.push_back(static_cast<std::int32_t>(p));
                const auto from = came.vectors.begin() + static_cast<std::ptrdiff_t>((s * M + p) * D);
                const auto end = from + static_cast<std::ptrdiff_t>(D);
                const auto bad = std::find_if_not(from, end, [](float number) { return std::isfinite(number); });
                if (bad != end)
                    fail("the text encoder {} gave a text a number that is not finite ({}, at position {}), which is "
                         "not kept: \"{}\"",
                         identity(), *bad, p, texts[s]);
                vectors.insert(vectors.end(), from, end);
            }
        }
        safetensors_writer file;
        file.add("texts", "U8", {std::ssize(letters)}, std::as_bytes(std::span(letters)));
        file.add("text_ends", {std::ssize(ends)}, std::span<const std::int64_t>(ends));
        file.add("counts", {std::ssize(counts)}, std::span<const std::int64_t>(counts));
        file.add("positions", {std::ssize(positions)}, std::span<const std::int32_t>(positions));
        file.add("vectors", {std::ssize(positions), dim()}, std::span<const float>(vectors));
        std::string key; // with lengths, so that no other list has it
        for (const std::string& text : texts) key += std::to_string(text.size()) + ":" + text;
        const std::string name = fmt::format("{:016x}.safetensors", hash(key));
        file.save(folder_ / name);
        read(name);
    }

    Encoder encoder_;
    std::filesystem::path folder_;
    mutable std::unordered_map<std::string, place> where_;
    mutable std::set<std::string> seen_;
};

} // namespace walt
