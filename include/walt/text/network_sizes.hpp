// The rule that configs of text networks share.
#pragma once

namespace walt::rules {

template <int Layers, int Width, int Heads, int HeadDim, int Ff, int Vocabulary> struct text_network_sizes {
    static constexpr bool value = Layers > 0 && Width > 0 && Heads > 0 && HeadDim > 0 && Ff > 0 && Vocabulary > 0;
    static_assert(value, "the layers, widths, heads and vocabulary of a text encoder must be 1 or more");
};

} // namespace walt::rules
