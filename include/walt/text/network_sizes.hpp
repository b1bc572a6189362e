// The rule that configs of text networks share.
#pragma once

namespace walt::rules {

template <int Layers, int Width, int Heads, int HeadDim, int Ff, int Vocabulary> constexpr bool text_network_sizes() {
    constexpr bool holds = Layers > 0 && Width > 0 && Heads > 0 && HeadDim > 0 && Ff > 0 && Vocabulary > 0;
    static_assert(holds, "the layers, widths, heads and vocabulary of a text encoder must be 1 or more");
    return holds;
}

} // namespace walt::rules
