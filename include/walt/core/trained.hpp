// Which parameters a run trains: gradients and an optimizer's state are kept for these alone.
#pragma once

#include "error.hpp"
#include "parameter_table.hpp"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace walt {

/// Names with * for any letters, dots included: only("blocks.*.cross.*", "text_proj.*"). No pattern: all that is
/// trainable.
struct only {
    std::vector<std::string> patterns;

    only() = default;
    template <class... Pattern>
    requires(std::convertible_to<Pattern, std::string>&&...) explicit only(Pattern&&... pattern)
        : patterns{std::string(pattern)...} {}

    static bool matches(std::string_view pattern, std::string_view name) {
        if (pattern.empty()) return name.empty();
        if (pattern.front() != '*')
            return !name.empty() && pattern.front() == name.front() && matches(pattern.substr(1), name.substr(1));
        while (!pattern.empty() && pattern.front() == '*') pattern.remove_prefix(1);
        for (std::size_t i = 0; i <= name.size(); ++i)
            if (matches(pattern, name.substr(i))) return true;
        return false;
    }
    bool contains(std::string_view name) const {
        for (const std::string& pattern : patterns)
            if (matches(pattern, name)) return true;
        return patterns.empty();
    }
};

/// A parameter that is trained, and where its gradient and moments lie.
struct trained_row {
    const parameter_row* row;
    std::size_t offset; ///< elements, in buffers of trained_parameters::extent
};

/// The layout of what a run keeps for each trained parameter. Where all are trained it is the model's own layout.
class trained_parameters {
  public:
    /// Throws walt::error for a pattern that names nothing trainable. `table` must outlive this (parameter_table's
    /// does).
    explicit trained_parameters(const std::vector<parameter_row>& table, const only& chosen = {}) {
        for (const std::string& pattern : chosen.patterns) {
            bool found = false;
            for (const parameter_row& row : table)
                found = found || (row.trainable() && only::matches(pattern, row.name));
            require(
                found,
                "training::train names {}, which is no trainable parameter of this model; the nearest is {}, and its "
                "names begin with {}",
                pattern, nearest(table, pattern), groups(table));
        }
        std::size_t whole = 0;
        for (const parameter_row& row : table) whole = row.offset + row.padded();
        if (chosen.patterns.empty()) {
            extent_ = whole;
            for (const parameter_row& row : table)
                if (row.trainable()) rows_.push_back({&row, row.offset});
            return;
        }
        places_.assign(whole / block_elements, -1);
        for (const parameter_row& row : table) {
            if (!row.trainable() || !chosen.contains(row.name)) continue;
            rows_.push_back({&row, extent_});
            for (std::size_t block = 0; block < row.padded() / block_elements; ++block)
                places_[row.offset / block_elements + block] =
                    static_cast<std::int32_t>(extent_ / block_elements + block);
            extent_ += row.padded();
        }
    }

    const std::vector<trained_row>& rows() const { return rows_; }
    /// Elements of a buffer with a place for all that is trained.
    std::size_t extent() const { return extent_; }
    /// For gradients::places: nullptr where all are trained.
    const std::int32_t* places() const { return places_.empty() ? nullptr : places_.data(); }
    bool all() const { return places_.empty(); }
    /// Another number for each choice of the process. Another choice's places may come to lie at the same address.
    std::uint64_t choice() const { return choice_; }

  private:
    /// The trainable parameter with the fewest letters to change, add or leave out; those that a * stands for are free.
    static std::string nearest(const std::vector<parameter_row>& table, std::string_view pattern) {
        std::string best = "none";
        std::size_t least = static_cast<std::size_t>(-1);
        for (const parameter_row& row : table) {
            if (!row.trainable()) continue;
            std::vector<std::size_t> changes(row.name.size() + 1); // of the pattern's beginning into the name's
            for (std::size_t n = 0; n < changes.size(); ++n) changes[n] = n;
            for (const char letter : pattern) {
                const bool free = letter == '*';
                std::size_t diagonal = std::exchange(changes[0], changes[0] + !free);
                for (std::size_t n = 1; n < changes.size(); ++n) {
                    const std::size_t here = changes[n];
                    const std::size_t same = diagonal + (free || letter == row.name[n - 1] ? 0 : 1);
                    changes[n] = std::min({same, here + !free, changes[n - 1] + !free});
                    diagonal = here;
                }
            }
            if (changes.back() < least) {
                least = changes.back();
                best = row.name;
            }
        }
        return best;
    }
    static std::string groups(const std::vector<parameter_row>& table) {
        std::string list;
        std::string_view last;
        for (const parameter_row& row : table) {
            if (row.group() == last) continue;
            last = row.group();
            list += (list.empty() ? "" : ", ") + std::string(last);
        }
        return list;
    }

    std::vector<trained_row> rows_;
    static std::uint64_t next_choice() {
        static std::atomic<std::uint64_t> last = 0;
        return ++last;
    }

    std::uint64_t choice_ = next_choice();
    std::vector<std::int32_t> places_;
    std::size_t extent_ = 0;
};

} // namespace walt
