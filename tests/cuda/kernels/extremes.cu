// Kernels at the ends of what walt is used for: attention with heads of 16 and of 144 and windows of 1792 tokens, and
// tokenizers of few channels, whose norms once asked for more shared memory than a block has.
#include <walt/config/presets.hpp>
#include <walt/cuda.cuh>
#include <walt/ops/cuda/group_norm.cuh>
#include <walt/transformer/denoiser.hpp>

namespace {
struct narrow_heads : walt::presets::text_to_video_l {
    static constexpr int hidden = 256, depth = 2;
};
struct wide_heads : walt::presets::text_to_video_l {
    static constexpr int hidden = 2304, depth = 2;
};
/// 17 x 512 x 896 in patches of 2: 32 x 56 tokens a frame.
struct long_windows : walt::presets::cascade_512x896 {
    static constexpr int patch = 2, depth = 2;
};
} // namespace

template struct walt::denoiser<walt::cuda::context, narrow_heads, walt::bf16>;
template struct walt::denoiser<walt::cuda::context, wide_heads, walt::bf16>;
template struct walt::denoiser<walt::cuda::context, long_windows, walt::bf16>;

namespace {
/// A norm and its gradient, in four groups.
template <class T, int C> void norm_of(walt::cuda::context& ctx) {
    using namespace walt;
    const video_size size{1, 1, 4, 4};
    const auto x = size.take<float, C>(ctx.arena), dx = size.take<float, C>(ctx.arena);
    const auto y = size.take<T, C>(ctx.arena);
    const auto scale = ctx.arena.take<float, dynamic, C>(1), shift = ctx.arena.take<float, dynamic, C>(1);
    const auto statistics = ctx.arena.take<float, dynamic, 4, 2>(1);
    ops::group_norm<activation::silu>(ctx, x, scale, shift, frame_rows{}, y, statistics);
    ops::group_norm_grad<activation::silu>(ctx, x, scale, shift, frame_rows{}, statistics, y, dx, scale, shift);
}
[[maybe_unused]] void (*const norms[])(walt::cuda::context&){norm_of<walt::bf16, 4>,  norm_of<walt::bf16, 8>,
                                                             norm_of<walt::bf16, 16>, norm_of<walt::bf16, 32>,
                                                             norm_of<float, 4>,       norm_of<float, 8>};
} // namespace
