// CUDA: where a thread's pack of channels lies in a video.
#pragma once

#include "elementwise.cuh"

namespace walt::cuda::detail {

/// Where element i of packs lies in a video [B, F, H, W, C].
template <int Packs> struct pack_place {
    std::int64_t t, r, s, clip;
    int channel;
    __device__ pack_place(std::int64_t i, std::int64_t frames, std::int64_t height, std::int64_t width)
        : t(i / Packs / width / height % frames), r(i / Packs / width % height), s(i / Packs % width),
          clip(i / Packs / width / height / frames), channel(static_cast<int>(i % Packs)) {}
};

} // namespace walt::cuda::detail
