// Attention kernels at the ends of what walt is used for: heads of 16 and of 144, windows of 1792 tokens, and float.
#include <walt/config/presets.hpp>
#include <walt/cuda.cuh>
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
