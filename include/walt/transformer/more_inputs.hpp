// A trained denoiser that gets inputs it did not have: known frames, the estimate of x0 (docs/model.md 1.3, 15).
#pragma once

#include "../config/denoiser.hpp"
#include "../core/error.hpp"
#include "../core/model.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

namespace walt {

namespace rules {
template <class From, class To> constexpr bool inputs_are_added() {
    constexpr bool holds = To::self_conditioning >= From::self_conditioning &&
                           To::frame_prediction >= From::frame_prediction &&
                           To::super_resolution == From::super_resolution;
    static_assert(holds,
                  "add_inputs gives a denoiser self_conditioning or frame_prediction; it takes neither away, and "
                  "super_resolution, which has weights of its own, stays as it is");
    return holds;
}
} // namespace rules

/// Sets the parameters of `to` to those of `from`, whose config differs at most in self_conditioning and
/// frame_prediction: the columns of patch_embed.weight that see the new channels start at zero, so that until it is
/// trained `to` answers what `from` does, whatever the new inputs are. On any device. Throws walt::error, and changes
/// nothing, where a parameter is of another size.
template <class From, class To> void add_inputs(const From& from, To& to) {
    using before = dimensions<typename From::config_type>;
    using after = dimensions<typename To::config_type>;
    using A = typename To::master_type;
    if constexpr (rules::inputs_are_added<typename From::config_type, typename To::config_type>()) {
        struct part {
            int from, to, channels;
        };
        constexpr int C = before::channels;
        constexpr bool estimate = From::config_type::self_conditioning, known = From::config_type::frame_prediction,
                       low = From::config_type::super_resolution;
        constexpr std::array<part, 4> parts{{{0, 0, C},
                                             {before::self_condition_at, after::self_condition_at, estimate ? C : 0},
                                             {before::known_at, after::known_at, known ? C + 1 : 0},
                                             {before::low_resolution_at, after::low_resolution_at, low ? C : 0}}};
        const auto source = [&](const parameter_row& row) -> const parameter_row& {
            const auto& table = From::table();
            const auto found =
                std::find_if(table.begin(), table.end(), [&](const auto& other) { return other.name == row.name; });
            require(found != table.end(), "the denoiser that gets more inputs has no {}, which the other has",
                    row.name);
            const bool grows = row.name == "patch_embed.weight" && found->shape[0] == row.shape[0] &&
                               found->shape[1] == before::patch_in && row.shape[1] == after::patch_in &&
                               int{before::patch} == int{after::patch} && C == int{after::channels};
            require(grows || (found->shape == row.shape && row.name != "patch_embed.weight"),
                    "{} of {} elements cannot become one of {}: the two denoisers differ in more than their inputs",
                    row.name, found->size, row.size);
            return *found;
        };
        for (const parameter_row& row : To::table()) source(row);
        for (const parameter_row& row : To::table()) {
            const parameter_row& found = source(row);
            std::vector<typename From::master_type> values(found.size);
            from.get(found, values);
            if (row.name != "patch_embed.weight") {
                to.set(row, std::vector<A>(values.begin(), values.end()));
                continue;
            }
            std::vector<A> wider(row.size); // [D, row in patch, column in patch, channel]
            const std::size_t places = row.size / after::input_channels;
            for (std::size_t place = 0; place < places; ++place)
                for (const part& one : parts)
                    for (int c = 0; c < one.channels; ++c)
                        wider[place * after::input_channels + static_cast<std::size_t>(one.to + c)] = static_cast<A>(
                            values[place * before::input_channels + static_cast<std::size_t>(one.from + c)]);
            to.set(row, wider);
        }
    }
}

} // namespace walt
