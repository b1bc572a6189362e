// Windows and the order in which a transformer holds its tokens.
#pragma once

#include "../core/dtype.hpp"

namespace walt {

/// Frames x height x width, in tokens. 0 stands for the whole grid along that axis.
struct window {
    int frames = 0, height = 0, width = 0;
    friend constexpr bool operator==(const window&, const window&) = default;
};

/// The tokens of one frame in window-major order: (outer tile, inner tile, row, column), where the outer tile is a
/// multiple of the inner one. Either tile is then one contiguous run of tokens, so a spatial window is a run and a
/// spatiotemporal window is one run a frame, and no layer copies tokens into windows and back.
template <int Height, int Width, int OuterHeight, int OuterWidth, int InnerHeight, int InnerWidth> struct token_order {
    static constexpr int height = Height, width = Width, tokens = Height * Width;

    /// Row in the frame of the token at place p.
    WALT_HD static constexpr int row(int p) {
        const int outer = p / (OuterHeight * OuterWidth),
                  inner = p % (OuterHeight * OuterWidth) / (InnerHeight * InnerWidth);
        return outer / (Width / OuterWidth) * OuterHeight + inner / (OuterWidth / InnerWidth) * InnerHeight +
               p % (InnerHeight * InnerWidth) / InnerWidth;
    }
    /// Column in the frame of the token at place p.
    WALT_HD static constexpr int column(int p) {
        const int outer = p / (OuterHeight * OuterWidth),
                  inner = p % (OuterHeight * OuterWidth) / (InnerHeight * InnerWidth);
        return outer % (Width / OuterWidth) * OuterWidth + inner % (OuterWidth / InnerWidth) * InnerWidth +
               p % InnerWidth;
    }
    /// Row-major place, docs/model.md 1.3's n, of the token at place p.
    WALT_HD static constexpr int row_major(int p) { return row(p) * Width + column(p); }
};

/// What an image sample's tokens see in a layer whose windows span several frames (docs/model.md 1.5).
enum class image_rule {
    identity,  ///< the identity mask: a token's output is its own value
    own_frame, ///< the tokens of its own frame (pattern `full`)
};

/// All that window attention needs to know about its windows. Order: a token_order of which Wh x Ww is a tile.
template <class Order, int Frames, int Wt, int Wh, int Ww, int Heads, int HeadDim, bool QkNorm, image_rule Images>
struct attention_shape {
    using order = Order;
    static constexpr int frames = Frames, per_frame = Order::tokens; ///< F, N
    static constexpr int window_frames = Wt;                         ///< 1 or F
    static constexpr int window_height = Wh, window_width = Ww;      ///< in tokens
    static constexpr int run = Wh * Ww;                              ///< tokens of a window in one frame: contiguous
    static constexpr int windows = per_frame / run;                  ///< windows side by side in a frame
    static constexpr int tokens = Wt * run;                          ///< tokens of a window
    static constexpr int heads = Heads, head_dim = HeadDim, width = Heads * HeadDim;
    static constexpr bool qk_norm = QkNorm;
    static constexpr image_rule images = Images;
    static constexpr int bias_size = (2 * Wt - 1) * (2 * Wh - 1) * (2 * Ww - 1);
    static constexpr int bias_center = (Wt - 1) * (2 * Wh - 1) * (2 * Ww - 1) + (Wh - 1) * (2 * Ww - 1) + (Ww - 1);

    /// The relative-bias row of (query, key) is code(query) - code(key) + bias_center (docs/model.md 1.5's index, which
    /// is linear).
    WALT_HD static constexpr int code(int token) {
        const int frame = token / run, place = token % run;
        const int row = Order::row(place) % Wh, column = Order::column(place) % Ww;
        return (frame * (2 * Wh - 1) + row) * (2 * Ww - 1) + column;
    }
    /// Row of the first token of window w, frame f of sample b, in [B F N]; the run follows it.
    WALT_HD static constexpr long long first_row(long long sample, int window, int frame) {
        return (sample * Frames + frame) * per_frame + window * run;
    }
};

/// Cross-attention of one frame: N tokens look at themselves and at M text positions (docs/model.md 1.5).
template <int PerFrame, int TextTokens, int Heads, int HeadDim, bool QkNorm> struct cross_shape {
    static constexpr int per_frame = PerFrame, text_tokens = TextTokens; ///< N, M
    static constexpr int heads = Heads, head_dim = HeadDim, width = Heads * HeadDim;
    static constexpr bool qk_norm = QkNorm;
};

} // namespace walt
