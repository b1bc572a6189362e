// A module's parameters as a table: what optimizers, checkpoints and tests walk over.
#pragma once

#include "parameters.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace walt {

/// One parameter of a module.
struct parameter_row {
    std::string name;
    std::vector<std::int64_t> shape; ///< as in the file
    std::size_t offset, size;        ///< elements
    std::size_t exact_offset;        ///< in a buffer of only what is read exactly
    init start;
    role kind;
    bool exact;         ///< read in the masters' type
    bool channels_last; ///< memory order [out, t, h, w, in] against [out, in, t, h, w] in the file

    bool trainable() const { return kind != role::statistic; }
    bool decayed() const { return decays(kind); }
    /// Whether an optimizer may keep its moments as one vector of rows and one of columns.
    bool is_matrix() const { return shape.size() == 2 && trainable(); }
    /// Elements of memory, with what rounds it up.
    std::size_t padded() const { return round_up(size, block_elements); }
    /// The name up to the first dot: "blocks", "encoder".
    std::string_view group() const { return std::string_view(name).substr(0, name.find('.')); }
};

/// The place in the file of element i in memory: kernels are [out, taps, in] in memory and [out, in, taps] in the file.
inline std::size_t place_in_file(const parameter_row& row, std::size_t i) {
    if (!row.channels_last) return i;
    const auto in = static_cast<std::size_t>(row.shape[1]);
    const std::size_t taps = row.size / (static_cast<std::size_t>(row.shape[0]) * in);
    return (i / (taps * in) * in + i % in) * taps + i / in % taps;
}

namespace detail {
inline std::string below(const std::string& name, std::string_view child) {
    std::string both = name;
    if (!name.empty()) both += '.';
    return both += child;
}
/// Out of line, since there are hundreds of parameters.
[[gnu::noinline]] inline void add_row(std::vector<parameter_row>& rows, const std::string& name, const int* extents,
                                      int rank, shift at, std::size_t size, init start, role kind, bool exact,
                                      bool channels_last) {
    rows.push_back({name, {extents, extents + rank}, at.all, size, at.exact, start, kind, exact, channels_last});
}
template <class Part> void list(const Part& part, const std::string& name, shift by, std::vector<parameter_row>& rows) {
    if constexpr (is_repeated<Part>) {
        for (int i = 0; i < Part::depth; ++i)
            part.at(i, [&](const auto& child, shift behind) {
                list(child, name + "." + std::to_string(i), by + behind, rows);
            });
    } else if constexpr (is_parameter<Part>) {
        add_row(rows, name, Part::extents.data(), Part::rank, part.offset + by, Part::size, Part::start, Part::kind,
                Part::exact, Part::channels_last);
    } else {
        Part::each(part,
                   [&](std::string_view child_name, auto& child) { list(child, below(name, child_name), by, rows); });
    }
}
} // namespace detail

/// Every parameter of a placed module in forward order.
template <class Module> const std::vector<parameter_row>& parameter_table() {
    static const std::vector<parameter_row> rows = [] {
        std::vector<parameter_row> all;
        detail::list(static_cast<const Module&>(placed<Module>), "", {}, all);
        return all;
    }();
    return rows;
}

} // namespace walt
